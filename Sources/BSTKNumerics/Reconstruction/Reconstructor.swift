/// Turns sign blocks back into weights: W = Σ sign ⊙ (U · V^T).
///
/// Sums are in 32-bit floating point, level after level in the order given. Levels can be added to
/// weights that hold earlier ones already (growing a model) and taken off again (shrinking).
public struct Reconstructor: Sendable {
  public let rows: Int
  public let columns: Int
  private let levels: [Level]

  private struct Level {
    let rank: Int
    let signs: [UInt8]
    let u: [Float]
    let vt: [Float]
  }

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
    var levels: [Level] = []
    for block in blocks {
      guard block.rows == rows, block.columns == columns else {
        throw .invalidShape(
          "a level of \(block.rows) × \(block.columns) in a matrix of \(rows) × \(columns)")
      }
      levels.append(
        Level(
          rank: block.rank, signs: block.signs, u: try block.decodedU(),
          vt: try block.decodedVT()))
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
    let panelRows = max(1, (1 << 16) / columns)
    var magnitude = [Float](repeating: 0, count: min(panelRows, rowRange.count) * columns)
    var start = rowRange.lowerBound
    while start < rowRange.upperBound {
      let count = min(panelRows, rowRange.upperBound - start)
      let offset = (start - rowRange.lowerBound) * columns
      var panel = weights._mutatingExtracting(offset..<offset + count * columns)
      if mode == .replace { panel.update(repeating: 0) }
      for level in levels[levelRange] {
        var target = magnitude.mutableSpan
        BLAS.gemm(
          m: count, n: columns, k: level.rank, alpha: mode == .subtract ? -1 : 1,
          a: level.u.span.extracting((start * level.rank)...), lda: level.rank, b: level.vt.span,
          ldb: columns, c: &target, ldc: columns)
        SignPlane.accumulate(
          magnitude.span.extracting(first: count * columns), signs: level.signs.span,
          first: start * columns, into: &panel)
      }
      start += count
    }
  }
}
