/// Where the parts of a sign block's payload lie (Spec section "Sign blocks"):
/// sign plane, U [rows × rank], V^T [rank × columns], each padded with zeros to 8 bytes.
public struct BlockLayout: Hashable, Sendable {
  /// Output features.
  public let rows: Int
  /// Input features.
  public let columns: Int
  /// Rank of the magnitude.
  public let rank: Int
  /// How U and V^T are stored.
  public let vectors: VectorType

  /// Lays out a block.
  ///
  /// - Throws: `SHAPE` when the rank is not in 1…min(rows, columns), `LIMIT` when it or the payload
  ///   is above the Spec's limit.
  public init(
    rows: Int, columns: Int, rank: Int, vectors: VectorType, errorOffset: UInt64? = nil
  ) throws(BSTKError) {
    try Self.requireRank(rank, rows: rows, columns: columns, errorOffset: errorOffset)
    self.rows = rows
    self.columns = columns
    self.rank = rank
    self.vectors = vectors
    // At most 2^37 + 2 × 2^32 + padding: no sum can wrap.
    try ChunkLayout.requireWithinLimit(byteCount, errorOffset: errorOffset)
  }

  /// - Throws: `SHAPE` or `LIMIT`.
  static func requireRank(
    _ rank: Int, rows: Int, columns: Int, errorOffset: UInt64?
  ) throws(BSTKError) {
    let limit = Int(Limits.matrixDimension)
    guard rows > 0, columns > 0, rows <= limit, columns <= limit else {
      throw BSTKError(
        .shape, "a block cannot be \(rows) × \(columns)", offset: errorOffset,
        section: .chunkTable)
    }
    guard rank > 0, rank <= min(rows, columns) else {
      throw BSTKError(
        .shape, "rank \(rank) is impossible for \(rows) × \(columns)", offset: errorOffset,
        section: .chunkTable)
    }
    guard rank <= Int(Limits.rank) else {
      throw BSTKError(
        .limit, "rank \(rank); the limit is \(Limits.rank)", offset: errorOffset,
        section: .chunkTable)
    }
  }

  /// Bytes of the sign plane without padding: one bit per element.
  public var signByteCount: Int { (rows * columns).dividedRoundingUp(by: 8) }

  /// The sign plane: row-major over the whole matrix, most significant bit first, 1 means +1.
  public var signs: Range<Int> { 0..<signByteCount }
  /// The bytes of U, row-major.
  public var u: Range<Int> { uVectors.bytes }
  /// The bytes of V^T, row-major.
  public var vt: Range<Int> { vtVectors.bytes }
  /// Bytes of the payload, padding included.
  public var byteCount: Int { vt.upperBound.roundedUp(to: 8) }

  /// U: `rows` elements of `rank` components.
  public var uVectors: VectorLayout {
    VectorLayout(
      vectors, length: rows, rank: rank, order: .interleaved, at: signByteCount.roundedUp(to: 8))
  }

  /// V^T: `columns` elements of `rank` components.
  public var vtVectors: VectorLayout {
    VectorLayout(
      vectors, length: columns, rank: rank, order: .consecutive,
      at: u.upperBound.roundedUp(to: 8))
  }

  /// The zero bytes between the parts.
  public var padding: [Range<Int>] {
    [signs.upperBound..<u.lowerBound, u.upperBound..<vt.lowerBound, vt.upperBound..<byteCount]
  }
}
