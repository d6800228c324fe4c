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

  /// The element numbers of the outliers, row × columns + column, each a u32; they ascend.
  public var positions: Range<Int> {
    let start = gain + 4
    return start..<(start + 4 * outlierCount)
  }

  /// What is added to the outliers, each a binary16.
  public var excess: Range<Int> {
    positions.upperBound..<(positions.upperBound + 2 * outlierCount)
  }

  /// Bytes of the payload, padding included.
  public var byteCount: Int { excess.upperBound.roundedUp(to: 8) }

  /// The zero bytes between the parts.
  public var padding: [Range<Int>] {
    [
      plane.byteCount..<u.bytes.lowerBound, u.bytes.upperBound..<v.bytes.lowerBound,
      v.bytes.upperBound..<factor, excess.upperBound..<byteCount,
    ]
  }

  /// Checks what a decoded payload must satisfy beyond its length.
  ///
  /// - Throws: `CHUNK_LENGTH`, `PADDING`, `FLOAT`, or `SHAPE` for a list that is out of order or
  ///   leaves the matrix.
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
    try requireAscendingPositions(in: reader)
    let largestExcess = try largestExcess(in: reader)
    let weight = 2 * Double(Limits.gain) * Double(factor.magnitude) + largestExcess
    try reader.requireBounded(max(largestU[0], 1) * max(largestV[0], 1) * max(weight, 1))
  }

  private func requireAscendingPositions(in payload: PayloadReader) throws(BSTKError) {
    var next: UInt64 = 0
    for at in stride(from: positions.lowerBound, to: positions.upperBound, by: 4) {
      let position = UInt64(payload.u32(at: at))
      guard position >= next, position < UInt64(plane.rows * plane.columns) else {
        throw payload.fault(
          .shape, "outlier \(position) at byte \(at) of the payload leaves order or matrix")
      }
      next = position + 1
    }
  }

  private func largestExcess(in payload: PayloadReader) throws(BSTKError) -> Double {
    var largest: UInt16 = 0
    for at in stride(from: excess.lowerBound, to: excess.upperBound, by: 2) {
      let magnitude = payload.u16(at: at) & 0x7FFF
      guard magnitude < 0x7C00 else { throw payload.notFinite(at: at) }
      largest = max(largest, magnitude)
    }
    return VectorLayout.magnitude(f16: largest)
  }
}
