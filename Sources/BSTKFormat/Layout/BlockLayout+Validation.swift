extension BlockLayout {
  /// Checks what a block's decoded payload must satisfy beyond its length: zero padding, zero bits
  /// behind the last sign, and vectors that are finite and whose products are.
  ///
  /// - Parameters:
  ///   - payload: ``byteCount`` bytes.
  ///   - chunk: The chunk's number, for error messages.
  ///   - offset: The chunk's offset in the file, for error messages.
  /// - Throws: `CHUNK_LENGTH`, `PADDING` or `FLOAT`.
  public func validate(
    _ payload: Span<UInt8>, chunk: Int, at offset: UInt64? = nil
  ) throws(BSTKError) {
    let reader = try PayloadReader(payload, byteCount: byteCount, chunk: chunk, at: offset)
    try reader.requireZeros(padding)
    let usedBits = rows * columns % 8
    if usedBits != 0, payload[signs.upperBound - 1] & (0xFF >> UInt8(usedBits)) != 0 {
      throw reader.fault(.padding, "the bits behind the last sign must be zero")
    }
    let largestU = try uVectors.largestMagnitudes(in: reader)
    let largestV = try vtVectors.largestMagnitudes(in: reader)
    try reader.requireBounded(
      zip(largestU, largestV).reduce(0) { $0 + max($1.0, 1) * max($1.1, 1) })
  }
}
