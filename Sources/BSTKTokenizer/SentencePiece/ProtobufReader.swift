internal import BSTKFormat

/// Walks through the fields of one protocol-buffers message, bounds checked.
struct ProtobufReader: ~Escapable {
  /// A field's content by its wire type.
  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64
    /// Where the bytes stand in the message.
    case bytes(Range<Int>)
  }

  let message: Span<UInt8>
  private var position = 0

  @_lifetime(copy message)
  init(_ message: Span<UInt8>) { self.message = message }

  /// The next field's number and content, or nil at the end.
  @_lifetime(self: copy self)
  mutating func next() throws(BSTKError) -> (field: Int, value: Value)? {
    guard position < message.count else { return nil }
    let tag = try varint()
    guard tag >> 3 <= 1 << 29 else { throw fault() }
    let field = Int(tag >> 3)
    switch tag & 7 {
    case 0: return (field, .varint(try varint()))
    case 1:
      _ = try take(8)
      return (field, .fixed64)
    case 2:
      let count = try varint()
      guard let count = Int(exactly: count) else { throw fault() }
      return (field, .bytes(try take(count)))
    case 5:
      let bytes = try take(4)
      let value = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(message[$1]) }
      return (field, .fixed32(value))
    default: throw fault()
    }
  }

  @_lifetime(self: copy self)
  private mutating func take(_ count: Int) throws(BSTKError) -> Range<Int> {
    guard count <= message.count - position else { throw fault() }
    defer { position += count }
    return position..<position + count
  }

  @_lifetime(self: copy self)
  private mutating func varint() throws(BSTKError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard position < message.count else { throw fault() }
      let byte = message[position]
      position += 1
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw fault()
  }

  private func fault() -> BSTKError {
    BSTKError(.tokenizer, "the SentencePiece model is malformed", offset: UInt64(position))
  }
}
