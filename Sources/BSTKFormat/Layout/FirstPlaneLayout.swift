/// Where the parts of level 0 of a matrix of nested planes lie (Spec section "Nested planes"): the
/// first plane, u and v, factor and gain, and the list of outliers, padded with zeros to 8 bytes.
public struct FirstPlaneLayout: Hashable, Sendable {
  /// The plane, at the start of the payload.
  public let plane: BitPlane
  /// How u and v are stored.
  public let vectors: VectorType
  /// Entries of the list.
  public let outlierCount: Int

  /// Lays out level 0 of a matrix.
  ///
  /// - Throws: `LIMIT` when the payload is above the Spec's limit.
  init(
    plane: BitPlane, vectors: VectorType, outlierCount: Int, errorOffset: UInt64? = nil
  ) throws(BSTKError) {
    self.plane = plane
    self.vectors = vectors
    self.outlierCount = outlierCount
    // At most 2^37 + 6 × 2^30 + 2 × 2^21 + padding: no sum can wrap.
    try ChunkLayout.requireWithinLimit(byteCount, errorOffset: errorOffset)
  }

  /// The magnitude of each row.
  public var u: VectorLayout {
    VectorLayout(
      vectors, length: plane.rows, rank: 1, order: .interleaved,
      at: plane.byteCount.roundedUp(to: 8))
  }

  /// The magnitude of each column.
  public var v: VectorLayout {
    VectorLayout(
      vectors, length: plane.columns, rank: 1, order: .consecutive,
      at: u.bytes.upperBound.roundedUp(to: 8))
  }

  /// Where the factor f stands, a binary32.
  public var factor: Int { v.bytes.upperBound.roundedUp(to: 8) }
  /// Where the gain of the first level stands, a binary32.
  public var gain: Int { factor + 4 }

  /// The elements between each outlier and the one before it, a u32 each: all lowest bytes, then
  /// all second ones, and so on; see ``SparseList``.
  public var gaps: Range<Int> {
    let start = gain + 4
    return start..<(start + 4 * outlierCount)
  }

  /// What is added to the outliers, a binary16 each: all low bytes, then all high ones.
  public var excess: Range<Int> {
    gaps.upperBound..<(gaps.upperBound + 2 * outlierCount)
  }

  /// Bytes of the payload, padding included.
  public var byteCount: Int { excess.upperBound.roundedUp(to: 8) }

  /// Where parts of the payload begin that have frequencies of their own: u, v, and each byte plane
  /// of the list. The two numbers before the list go with the first of those.
  public var partOffsets: [Int] {
    var offsets = [u.bytes.lowerBound, v.bytes.lowerBound]
    if outlierCount > 0 {
      offsets.append(factor)
      offsets += (1..<6).map { gaps.lowerBound + $0 * outlierCount }
    }
    return offsets
  }

  /// The zero bytes between the parts.
  public var padding: [Range<Int>] {
    [
      plane.byteCount..<u.bytes.lowerBound, u.bytes.upperBound..<v.bytes.lowerBound,
      v.bytes.upperBound..<factor, excess.upperBound..<byteCount,
    ]
  }

  /// Checks what a decoded payload must satisfy beyond its length.
  ///
  /// - Throws: `CHUNK_LENGTH`, `PADDING`, `FLOAT`, or `SHAPE` for a list that leaves the matrix.
  public func validate(
    _ payload: Span<UInt8>, chunk: Int, at offset: UInt64? = nil
  ) throws(BSTKError) {
    let reader = try PayloadReader(payload, byteCount: byteCount, chunk: chunk, at: offset)
    try reader.requireZeros(padding)
    try plane.requireUnusedBitsZero(in: reader)
    let largestU = try u.largestMagnitudes(in: reader)
    let largestV = try v.largestMagnitudes(in: reader)
    let factor = try reader.finite(at: factor)
    try reader.gain(at: gain)
    try requirePositionsInside(in: reader)
    let largestExcess = try largestExcess(in: reader)
    let weight = 2 * Double(Limits.gain) * Double(factor.magnitude) + largestExcess
    try reader.requireBounded(max(largestU[0], 1) * max(largestV[0], 1) * max(weight, 1))
  }

  private func requirePositionsInside(in payload: PayloadReader) throws(BSTKError) {
    let elementCount = UInt64(plane.rows * plane.columns)
    var next: UInt64 = 0
    for entry in 0..<outlierCount {
      // A position within the matrix and a gap below 2^32: no sum can wrap.
      let position = next + UInt64(payload.u32(entry, of: outlierCount, at: gaps.lowerBound))
      guard position < elementCount else {
        throw payload.fault(
          .shape, "outlier \(entry) is element \(position) of a matrix of \(elementCount)")
      }
      next = position + 1
    }
  }

  private func largestExcess(in payload: PayloadReader) throws(BSTKError) -> Double {
    var largest: UInt16 = 0
    for entry in 0..<outlierCount {
      let magnitude = payload.u16(entry, of: outlierCount, at: excess.lowerBound) & 0x7FFF
      guard magnitude < 0x7C00 else {
        throw payload.fault(.float, "the excess of outlier \(entry) is not finite")
      }
      largest = max(largest, magnitude)
    }
    return VectorLayout.magnitude(f16: largest)
  }
}
