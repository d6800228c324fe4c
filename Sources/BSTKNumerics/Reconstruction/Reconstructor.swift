/// Turns sign blocks back into weights: W = Σ sign ⊙ (U · V^T).
///
/// Sums are in 32-bit floating point, level after level in the order given. Levels can be added to
/// weights that hold earlier ones already (growing a model) and taken off again (shrinking).
public struct Reconstructor: Sendable {
  /// Rows of the matrix.
  public let rows: Int
  /// Columns of the matrix.
  public let columns: Int
  private let levels: [DecodedLevel]

  /// What happens to the weights already there.
  public enum Mode: Sendable {
    /// They are overwritten.
    case replace
    /// The levels are added to them.
    case add
    /// The levels are taken off them.
    case subtract
  }

  /// Decodes the vectors of `blocks`, the levels of one matrix, ascending.
  ///
  /// - Throws: `invalidShape` when there are none or their shapes differ, `notFinite` when vectors
  ///   hold NaN or infinity.
  public init(_ blocks: [SignBlock]) throws(NumericsError) {
    guard let first = blocks.first else { throw .invalidShape("no levels") }
    rows = first.rows
    columns = first.columns
    var levels: [DecodedLevel] = []
    for block in blocks {
      guard block.rows == rows, block.columns == columns else {
        throw .invalidShape(
          "a level of \(block.rows) × \(block.columns) in a matrix of \(rows) × \(columns)")
      }
      levels.append(
        DecodedLevel(
          rank: block.rank, u: try block.decodedU(), vt: try block.decodedVT(),
          signs: block.signs))
    }
    self.levels = levels
  }

  /// Computes rows `rowRange` of the weights (all by default) from levels `levelRange` (all).
  ///
  /// - Parameter weights: the rows of the range, row-major.
  /// - Precondition: both ranges lie inside, and `weights` has `rowRange.count` · columns elements.
  public func reconstruct(
    rows rowRange: Range<Int>? = nil, levels levelRange: Range<Int>? = nil, mode: Mode = .replace,
    into weights: inout MutableSpan<Float>
  ) {
    let rowRange = rowRange ?? 0..<rows
    let levelRange = levelRange ?? levels.indices
    precondition(rowRange.lowerBound >= 0 && rowRange.upperBound <= rows, "rows outside")
    precondition(
      levelRange.lowerBound >= 0 && levelRange.upperBound <= levels.count, "levels outside")
    precondition(weights.count == rowRange.count * columns, "weights of another shape")
    if mode == .replace { weights.update(repeating: 0) }
    LevelAccumulator.add(
      levels[levelRange], subtracting: mode == .subtract, firstRow: rowRange.lowerBound,
      columns: columns, to: &weights)
  }
}
