extension BlockLayout {
  /// Checks what a block's decoded payload must satisfy beyond its length: zero padding, zero bits
  /// behind the last sign, and finite vectors.
  ///
  /// - Parameters:
  ///   - payload: ``byteCount`` bytes.
  ///   - chunk: The chunk's number, for error messages.
  ///   - offset: The chunk's offset in the file, for error messages.
  /// - Throws: `CHUNK_LENGTH`, `PADDING` or `FLOAT`.
  public func validate(
    _ payload: Span<UInt8>, chunk: Int, at offset: UInt64? = nil
  ) throws(BSTKError) {
    func fault(_ code: BSTKError.Code, _ message: String) -> BSTKError {
      BSTKError(code, message, offset: offset, section: .chunk(chunk))
    }
    guard payload.count == byteCount else {
      throw fault(
        .chunkLength, "a payload of \(payload.count) bytes where \(byteCount) are due")
    }
    for range in padding {
      for index in range where payload[index] != 0 {
        throw fault(.padding, "byte \(index) of the payload is padding and must be zero")
      }
    }
    let usedBits = rows * columns % 8
    if usedBits != 0, payload[signs.upperBound - 1] & (0xFF >> UInt8(usedBits)) != 0 {
      throw fault(.padding, "the bits behind the last sign must be zero")
    }
    for (range, name) in [(u, "U"), (vt, "V^T")] {
      if let byte = firstNonFinite(payload, range) {
        throw fault(
          .float, "\(name) has a number that is not finite at byte \(byte) of the payload")
      }
    }
  }

  /// The offset in the payload of the first number of U or V^T that is infinite or no number.
  private func firstNonFinite(_ payload: Span<UInt8>, _ range: Range<Int>) -> Int? {
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
        return element
      }
    }
    return nil
  }
}
