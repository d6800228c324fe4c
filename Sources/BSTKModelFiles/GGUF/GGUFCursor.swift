internal import BSTKFormat
internal import BSTKStore

/// A place in the header of a GGUF file that nobody vouches for.
///
/// What is left of the file is compared before every step, so that no sum of numbers from the file
/// is ever formed and nothing is allocated that the file has no bytes for.
struct GGUFCursor {
  /// Bytes read at a time.
  private static let windowByteCount: UInt64 = 1 << 18

  /// Bytes of the file.
  let byteCount: UInt64
  /// The offset of the next byte.
  private(set) var offset: UInt64 = 0

  private let source: any ByteSource
  private var window: [UInt8] = []
  private var windowStart: UInt64 = 0

  init(_ source: any ByteSource) throws(BSTKError) {
    self.source = source
    byteCount = try source.byteCount()
  }

  /// Bytes that follow.
  var remaining: UInt64 { byteCount - offset }

  /// Steps over bytes that are in the window afterwards, and says where in it they begin.
  private mutating func take(_ count: UInt64, _ what: StaticString) throws(BSTKError) -> Int {
    guard count <= remaining else {
      throw GGUFHeader.fault(
        "the file ends inside \(what): \(count) bytes are asked for, \(remaining) are left",
        at: offset)
    }
    let end = offset - windowStart + count
    if end > UInt64(window.count) {
      windowStart = offset
      window = try source.bytes(
        at: offset, count: Int(min(remaining, max(count, Self.windowByteCount))))
    }
    defer { offset += count }
    return Int(offset - windowStart)
  }

  private mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
    _ what: StaticString
  ) throws(BSTKError) -> Value {
    let width = Value.bitWidth / 8
    let start = try take(UInt64(width), what)
    var value: Value = 0
    for index in (start..<start + width).reversed() { value = value << 8 | Value(window[index]) }
    return value
  }

  mutating func u8(_ what: StaticString) throws(BSTKError) -> UInt8 { try integer(what) }
  mutating func u16(_ what: StaticString) throws(BSTKError) -> UInt16 { try integer(what) }
  mutating func u32(_ what: StaticString) throws(BSTKError) -> UInt32 { try integer(what) }
  mutating func u64(_ what: StaticString) throws(BSTKError) -> UInt64 { try integer(what) }

  /// The next bytes.
  mutating func bytes(_ count: UInt64, _ what: StaticString) throws(BSTKError) -> [UInt8] {
    let start = try take(count, what)
    return Array(window[start..<start + Int(count)])
  }

  /// A length and so many bytes of UTF-8.
  mutating func string(_ what: StaticString, upTo limit: UInt64) throws(BSTKError) -> String {
    let start = offset
    let count = try u64(what)
    guard count <= remaining else {
      throw GGUFHeader.fault(
        "\(what) claims \(count) bytes, the file has \(remaining) left", at: start)
    }
    guard count <= limit else {
      throw GGUFHeader.fault("\(what) has \(count) bytes; the limit is \(limit)", at: start)
    }
    let first = try take(count, what)
    guard let text = String(validating: window[first..<first + Int(count)], as: UTF8.self) else {
      throw GGUFHeader.fault("\(what) is not UTF-8", at: start)
    }
    return text
  }
}
