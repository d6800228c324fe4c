/// Where the parts of a block's payload lie (Spec section "Block payload"):
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
    self.rows = rows
    self.columns = columns
    self.rank = rank
    self.vectors = vectors
    // At most 2^37 + 2 × 2^32 + padding: no sum can wrap.
    guard UInt64(byteCount) <= Limits.chunkByteCount else {
      throw BSTKError(
        .limit, "a block of \(byteCount) bytes; the limit is \(Limits.chunkByteCount)",
        offset: errorOffset, section: .chunkTable)
    }
  }

  /// Bytes of the sign plane without padding: one bit per element.
  public var signByteCount: Int { (rows * columns).dividedRoundingUp(by: 8) }
  /// Bytes of U without padding.
  public var uByteCount: Int { vectors.byteCount(length: rows, rank: rank) }
  /// Bytes of V^T without padding.
  public var vtByteCount: Int { vectors.byteCount(length: columns, rank: rank) }

  /// The sign plane: row-major over the whole matrix, most significant bit first, 1 means +1.
  public var signs: Range<Int> { 0..<signByteCount }
  /// U, row-major.
  public var u: Range<Int> {
    let start = signByteCount.roundedUp(to: 8)
    return start..<(start + uByteCount)
  }
  /// V^T, row-major.
  public var vt: Range<Int> {
    let start = u.upperBound.roundedUp(to: 8)
    return start..<(start + vtByteCount)
  }
  /// Bytes of the payload, padding included.
  public var byteCount: Int { vt.upperBound.roundedUp(to: 8) }

  /// The zero bytes between the parts.
  public var padding: [Range<Int>] {
    [signs.upperBound..<u.lowerBound, u.upperBound..<vt.lowerBound, vt.upperBound..<byteCount]
  }
}
