/// Walking through text held as valid UTF-8.
enum UTF8Text {
  /// The scalar that starts at `position`, and its length in bytes.
  ///
  /// - Precondition: `text` is valid UTF-8 and `position` at the start of a scalar.
  @inline(__always)
  static func scalar(in text: Span<UInt8>, at position: Int) -> (value: UInt32, length: Int) {
    let first = UInt32(text[position])
    if first < 0x80 { return (first, 1) }
    let second = UInt32(text[position + 1]) & 0x3F
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
    let third = UInt32(text[position + 2]) & 0x3F
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
    let fourth = UInt32(text[position + 3]) & 0x3F
    return ((first & 0x07) << 18 | second << 12 | third << 6 | fourth, 4)
  }

  /// The scalar that ends before `position`, and its length in bytes; `position` is above 0.
  static func scalar(in text: Span<UInt8>, before position: Int) -> (value: UInt32, length: Int) {
    var start = position - 1
    while text[start] & 0xC0 == 0x80 { start -= 1 }
    return scalar(in: text, at: start)
  }

  /// How many bytes at the end are the start of a character that may still become whole.
  static func incompleteSuffix(of bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      switch bytes[bytes.count - length] {
      case 0x80...0xBF: continue
      case 0xC2...0xDF: return length < 2 ? length : 0
      case 0xE0...0xEF: return length < 3 ? length : 0
      case 0xF0...0xF4: return length
      default: return 0
      }
    }
    return 0
  }
}

extension [UInt8] {
  /// The bytes of a span.
  init(copying span: Span<UInt8>) {
    self.init(capacity: span.count) { out in
      for i in span.indices { out.append(span[i]) }
    }
  }
}
