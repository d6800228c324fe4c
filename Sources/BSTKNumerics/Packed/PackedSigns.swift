/// A matrix of sign blocks as it is held in memory, as stored.
///
/// The weights are those of ``Reconstructor``: W = Σ sign ⊙ (U · V^T) over the levels.
public struct PackedSigns: Sendable {
  /// One level.
  private struct Level: Sendable {
    let rank: Int
    let signs: [UInt8]
    let u: PackedVectors
    let vt: PackedVectors

    init(_ block: SignBlock) throws(NumericsError) {
      rank = block.rank
      signs = block.signs
      u = try PackedVectors(
        block.u, type: block.vectorType, rank: rank, length: block.rows, axis: .columns)
      vt = try PackedVectors(
        block.vt, type: block.vectorType, rank: rank, length: block.columns, axis: .rows)
    }

    var byteCount: Int { signs.count + u.byteCount + vt.byteCount }
  }

  /// Rows of the matrix (outputs of the layer).
  public let rows: Int
  /// Columns of the matrix (inputs of the layer).
  public let columns: Int
  private var levels: [Level]

  /// Takes the first level.
  ///
  /// - Throws: `notFinite` when its vectors hold NaN or infinity.
  public init(_ block: SignBlock) throws(NumericsError) {
    rows = block.rows
    columns = block.columns
    levels = [try Level(block)]
  }

  /// The levels held, at least 1.
  public var levelCount: Int { levels.count }

  /// The bytes held.
  public var byteCount: Int { levels.reduce(0) { $0 + $1.byteCount } }

  /// Adds the next level.
  ///
  /// - Throws: `invalidShape` for a level of another shape, `notFinite` when its vectors hold NaN or
  ///   infinity.
  public mutating func append(_ block: SignBlock) throws(NumericsError) {
    guard block.rows == rows, block.columns == columns else {
      throw .invalidShape(
        "a level of \(block.rows) × \(block.columns) in a matrix of \(rows) × \(columns)")
    }
    levels.append(try Level(block))
  }

  /// Frees the last `count` levels.
  ///
  /// - Precondition: at least one stays.
  public mutating func removeLast(_ count: Int) {
    precondition(count >= 0 && count < levels.count, "the first level stays")
    levels.removeLast(count)
  }

  /// The weights of a range of rows that exist, on this thread.
  func rebuild(rows range: Range<Int>, into weights: inout MutableSpan<Float>) {
    rebuild(
      rows: range, vectors: levels.map { $0.vt.values(0..<$0.vt.count) }, into: &weights)
  }

  /// - Parameter vectors: V^T of every level.
  private func rebuild(
    rows range: Range<Int>, vectors: [[Float]], into weights: inout MutableSpan<Float>
  ) {
    let base = LevelAccumulator.firstHeldRow(range.lowerBound)
    let decoded = levels.indices.map { index in
      let level = levels[index]
      let (rank, u) = (level.rank, level.u)
      return DecodedLevel(
        rank: rank, u: u.values(base * rank..<range.upperBound * rank),
        vt: vectors[index], signs: level.signs)
    }
    LevelAccumulator.rebuild(decoded[...], rows: range, columns: columns, into: &weights)
  }

  func multiply(
    _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int, firstColumn: Int
  ) {
    let vectors = levels.map { $0.vt.values(0..<$0.vt.count) }
    TiledProduct.multiply(
      rows: rows, columns: columns, x, into: &y, rowStride: rowStride, firstColumn: firstColumn
    ) { range, tile in
      rebuild(rows: range, vectors: vectors, into: &tile)
    }
  }
}
