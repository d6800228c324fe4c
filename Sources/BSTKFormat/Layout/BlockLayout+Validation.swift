extension BlockLayout {
  /// Checks what a block's decoded payload must satisfy beyond its length: zero padding, zero bits
  /// behind the last sign, and finite vectors.
  ///
  /// - Parameters:
  ///   - payload: ``byteCount`` bytes.
  ///   - chunk: The chunk's number, for error messages.
  /// - Throws: `CHUNK_LENGTH`, `PADDING` or `FLOAT`. Offsets count from the start of the payload.
  public func validate(_ payload: Span<UInt8>, chunk: Int) throws(BSTKError) {
    guard payload.count == byteCount else {
      throw BSTKError(
        .chunkLength, "a payload of \(payload.count) bytes where \(byteCount) are due",
        section: .chunk(chunk))
    }
    for range in padding {
      for index in range where payload[index] != 0 {
        throw BSTKError(
          .padding, "padding byte \(index) of the payload must be zero", section: .chunk(chunk))
      }
    }
    let usedBits = rows * columns % 8
    if usedBits != 0, payload[signs.upperBound - 1] & (0xFF >> UInt8(usedBits)) != 0 {
      throw BSTKError(
        .padding, "the bits behind the last sign must be zero", section: .chunk(chunk))
    }
    try checkFinite(payload, u, what: "U", chunk: chunk)
    try checkFinite(payload, vt, what: "V^T", chunk: chunk)
  }

  private func checkFinite(
    _ payload: Span<UInt8>, _ range: Range<Int>, what: String, chunk: Int
  ) throws(BSTKError) {
    let (stride, end, mask): (Int, Int, UInt8)
    // The exponent's high bits sit in the most significant byte of each little-endian number; the
    // second byte decides only when they are all set.
    switch vectors {
    case .f16: (stride, end, mask) = (2, range.upperBound, 0x7C)
    case .bf16: (stride, end, mask) = (2, range.upperBound, 0x7F)
    case .i8: (stride, end, mask) = (4, range.lowerBound + 4 * rank, 0x7F)
    }
    for element in Swift.stride(from: range.lowerBound, to: end, by: stride) {
      let high = payload[element + stride - 1]
      let isSuspect = high & mask == mask
      if isSuspect, vectors == .f16 || payload[element + stride - 2] & 0x80 != 0 {
        throw BSTKError(
          .float, "\(what) has a number that is not finite at byte \(element) of the payload",
          section: .chunk(chunk))
      }
    }
  }
}
