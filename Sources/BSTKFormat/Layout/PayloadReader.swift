/// A decoded payload under examination: reads numbers of it and names the place of a fault.
struct PayloadReader: ~Escapable {
  private let bytes: Span<UInt8>
  private let chunk: Int
  private let offset: UInt64?

  /// - Parameters:
  ///   - byteCount: The length it must have.
  ///   - chunk: The chunk's number, for error messages.
  ///   - offset: The chunk's offset in the file, for error messages.
  /// - Throws: `CHUNK_LENGTH`.
  @_lifetime(copy bytes)
  init(
    _ bytes: Span<UInt8>, byteCount: Int, chunk: Int, at offset: UInt64?
  ) throws(BSTKError) {
    self.bytes = bytes
    self.chunk = chunk
    self.offset = offset
    guard bytes.count == byteCount else {
      throw fault(.chunkLength, "a payload of \(bytes.count) bytes where \(byteCount) are due")
    }
  }

  func fault(_ code: BSTKError.Code, _ message: String) -> BSTKError {
    BSTKError(code, message, offset: offset, section: .chunk(chunk))
  }

  func notFinite(at index: Int) -> BSTKError {
    fault(.float, "the number at byte \(index) of the payload is not finite")
  }

  subscript(index: Int) -> UInt8 { bytes[index] }

  func u16(at index: Int) -> UInt16 { UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8 }

  func u32(at index: Int) -> UInt32 {
    UInt32(u16(at: index)) | UInt32(u16(at: index + 2)) << 16
  }

  /// Number `entry` of `count` that are split into byte planes from `start` on.
  func u16(_ entry: Int, of count: Int, at start: Int) -> UInt16 {
    SparseList.number(entry, of: count, at: start, in: bytes)
  }

  /// As ``u16(_:of:at:)``, of four bytes.
  func u32(_ entry: Int, of count: Int, at start: Int) -> UInt32 {
    SparseList.number(entry, of: count, at: start, in: bytes)
  }

  /// - Throws: `FLOAT` unless the binary32 there is finite.
  func finite(at index: Int) throws(BSTKError) -> Float {
    let value = Float(bitPattern: u32(at: index))
    guard value.isFinite else { throw notFinite(at: index) }
    return value
  }

  /// - Throws: `FLOAT` unless the binary32 there is a gain.
  func gain(at index: Int) throws(BSTKError) {
    let gain = try finite(at: index)
    guard gain.magnitude <= Limits.gain else {
      throw fault(.float, "a gain of \(gain); the limit is \(Limits.gain)")
    }
  }

  /// - Throws: `PADDING` at the first byte of the ranges that is not zero.
  func requireZeros(_ ranges: [Range<Int>]) throws(BSTKError) {
    for range in ranges {
      for index in range where bytes[index] != 0 {
        throw fault(.padding, "byte \(index) of the payload is padding and must be zero")
      }
    }
  }

  /// - Throws: `FLOAT` unless the largest values that a block can reach are below the limit.
  func requireBounded(_ magnitude: Double) throws(BSTKError) {
    guard magnitude < Limits.magnitude else {
      throw fault(.float, "the block's values reach \(magnitude), which sums could not hold")
    }
  }
}
