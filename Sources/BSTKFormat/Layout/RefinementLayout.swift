/// Where the parts of a level above 0 of a matrix of nested planes lie (Spec section "Nested
/// planes"): a plane and the gain of the levels that end with it, each padded with zeros to 8 bytes.
public struct RefinementLayout: Hashable, Sendable {
  /// The plane, at the start of the payload.
  public let plane: BitPlane

  /// Lays out a level.
  ///
  /// - Throws: `LIMIT` when the payload is above the Spec's limit.
  init(plane: BitPlane, errorOffset: UInt64? = nil) throws(BSTKError) {
    self.plane = plane
    try ChunkLayout.requireWithinLimit(byteCount, errorOffset: errorOffset)
  }

  /// Where the gain stands, a binary32.
  public var gain: Int { plane.byteCount.roundedUp(to: 8) }
  /// Bytes of the payload, padding included.
  public var byteCount: Int { gain + 8 }
  /// The zero bytes between the parts.
  public var padding: [Range<Int>] { [plane.byteCount..<gain, (gain + 4)..<byteCount] }

  /// Checks what a decoded payload must satisfy beyond its length.
  ///
  /// - Throws: `CHUNK_LENGTH`, `PADDING` or `FLOAT`.
  public func validate(
    _ payload: Span<UInt8>, chunk: Int, at offset: UInt64? = nil
  ) throws(BSTKError) {
    let reader = try PayloadReader(payload, byteCount: byteCount, chunk: chunk, at: offset)
    try reader.requireZeros(padding)
    try plane.requireUnusedBitsZero(in: reader)
    try reader.gain(at: gain)
  }
}
