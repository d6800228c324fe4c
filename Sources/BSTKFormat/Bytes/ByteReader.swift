/// A cursor over untrusted little-endian bytes that cannot outlive them.
///
/// Every read compares what is left before it advances, so no sum of file-given numbers is ever
/// formed.
struct ByteReader: ~Escapable {
  private let bytes: Span<UInt8>
  /// The number of bytes already read.
  private(set) var position = 0
  private let origin: UInt64
  /// The section named in errors.
  var section: BSTKError.Section

  /// - Parameter origin: The offset in the file at which `bytes` begins, for error messages.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, origin: UInt64, section: BSTKError.Section) {
    self.bytes = bytes
    self.origin = origin
    self.section = section
  }

  var remaining: Int { bytes.count - position }

  /// The offset in the file of the next byte.
  var offset: UInt64 { origin + UInt64(position) }

  private mutating func advance(_ count: Int) throws(BSTKError) -> Int {
    guard count <= remaining else {
      throw BSTKError(
        .tooShort, "\(count) bytes expected, \(remaining) left", offset: offset, section: section)
    }
    defer { position += count }
    return position
  }

  mutating func u8() throws(BSTKError) -> UInt8 {
    bytes[try advance(1)]
  }

  mutating func u16() throws(BSTKError) -> UInt16 {
    let at = try advance(2)
    return UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8
  }

  mutating func u32() throws(BSTKError) -> UInt32 {
    let at = try advance(4)
    return UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16
      | UInt32(bytes[at + 3]) << 24
  }

  mutating func u64() throws(BSTKError) -> UInt64 {
    let low = try u32()
    let high = try u32()
    return UInt64(low) | UInt64(high) << 32
  }

  mutating func f32() throws(BSTKError) -> Float {
    Float(bitPattern: try u32())
  }

  mutating func f64() throws(BSTKError) -> Double {
    Double(bitPattern: try u64())
  }

  mutating func digest() throws(BSTKError) -> Digest {
    Digest(words: try u64(), try u64(), try u64(), try u64())
  }

  /// Reads `count` bytes that must all be zero.
  mutating func zeros(
    _ count: Int, _ code: BSTKError.Code = .reserved
  ) throws(BSTKError) {
    let at = try advance(count)
    for index in 0..<count where bytes[at + index] != 0 {
      throw BSTKError(
        code, "byte must be zero, is \(bytes[at + index])",
        offset: origin + UInt64(at + index), section: section)
    }
  }

  /// The next `count` bytes as text, or nil when they are not UTF-8.
  mutating func text(_ count: Int) throws(BSTKError) -> String? {
    let at = try advance(count)
    var text: [UInt8] = []
    text.reserveCapacity(count)
    for index in at..<(at + count) { text.append(bytes[index]) }
    return String(validating: text, as: UTF8.self)
  }

  /// The next `count` bytes.
  @_lifetime(copy self)
  mutating func span(_ count: Int) throws(BSTKError) -> Span<UInt8> {
    let at = try advance(count)
    return bytes.extracting(at..<(at + count))
  }
}
