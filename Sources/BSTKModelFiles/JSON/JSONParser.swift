package import BSTKFormat

/// A strict JSON reader (RFC 8259) for untrusted files: bounded depth, finite numbers, valid UTF-8.
package struct JSONParser: ~Escapable {
  /// Arrays and objects may nest this deep.
  static let maximumDepth = 64

  private let bytes: Span<UInt8>
  private let code: BSTKError.Code
  private var position = 0

  /// Parses a whole document; `code` is the code of the errors thrown.
  package static func parse(_ bytes: Span<UInt8>, code: BSTKError.Code) throws(BSTKError)
    -> JSONValue
  {
    var parser = JSONParser(bytes, code: code)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == bytes.count else { throw parser.fault("text after the document") }
    return value
  }

  @_lifetime(copy bytes)
  private init(_ bytes: Span<UInt8>, code: BSTKError.Code) {
    self.bytes = bytes
    self.code = code
  }

  private func fault(_ message: String) -> BSTKError {
    BSTKError(code, "JSON: \(message)", offset: UInt64(position))
  }

  /// The byte at the read position, or nil at the end.
  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  @_lifetime(self: copy self)
  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  @_lifetime(self: copy self)
  private mutating func take(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    position += 1
    return true
  }

  @_lifetime(self: copy self)
  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(BSTKError)
    -> JSONValue
  {
    for byte in word.description.utf8 where !take(byte) { throw fault("unknown word") }
    return value
  }

  @_lifetime(self: copy self)
  private mutating func value(depth: Int) throws(BSTKError) -> JSONValue {
    guard depth < Self.maximumDepth else { throw fault("nested too deeply") }
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw fault("the document ends early")
    default: return try number()
    }
  }

  @_lifetime(self: copy self)
  private mutating func object(depth: Int) throws(BSTKError) -> JSONValue {
    position += 1
    var members: [JSONValue.Member] = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw fault("a member's name is expected") }
      let name = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fault("a colon is expected") }
      members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw fault("a comma or brace is expected") }
    }
  }

  @_lifetime(self: copy self)
  private mutating func array(depth: Int) throws(BSTKError) -> JSONValue {
    position += 1
    var values: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(values) }
    while true {
      values.append(try value(depth: depth + 1))
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(values) }
      guard take(UInt8(ascii: ",")) else { throw fault("a comma or bracket is expected") }
    }
  }

  @_lifetime(self: copy self)
  private mutating func number() throws(BSTKError) -> JSONValue {
    let start = position
    _ = take(UInt8(ascii: "-"))
    let whole = digits()
    guard whole == 1 || whole > 1 && bytes[position - whole] != UInt8(ascii: "0") else {
      throw fault("a value is expected")
    }
    var isInteger = true
    if take(UInt8(ascii: ".")) {
      isInteger = false
      guard digits() > 0 else { throw fault("a digit is expected") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() > 0 else { throw fault("a digit is expected") }
    }
    guard position - start <= 400 else { throw fault("a number of more than 400 characters") }
    let text = text(from: start, to: position)
    if isInteger, let integer = Int(text) { return .integer(integer) }
    guard let double = Double(text), double.isFinite else { throw fault("a number out of range") }
    return .number(double)
  }

  /// Skips digits and says how many there were.
  @_lifetime(self: copy self)
  private mutating func digits() -> Int {
    let start = position
    while let byte = current, byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") {
      position += 1
    }
    return position - start
  }

  private func text(from start: Int, to end: Int) -> String {
    String(decoding: array(from: start, to: end), as: UTF8.self)
  }

  private func array(from start: Int, to end: Int) -> [UInt8] {
    let part = bytes.extracting(start..<end)
    return [UInt8](capacity: part.count) { out in
      for i in part.indices { out.append(part[i]) }
    }
  }

  @_lifetime(self: copy self)
  private mutating func string() throws(BSTKError) -> String {
    position += 1
    var start = position
    var collected: [UInt8] = []
    while true {
      guard let byte = current else { throw fault("a string without an end") }
      if byte == UInt8(ascii: "\"") {
        collected.append(contentsOf: array(from: start, to: position))
        position += 1
        guard let string = String(validating: collected, as: UTF8.self) else {
          throw fault("a string that is not UTF-8")
        }
        return string
      }
      guard byte >= 0x20 else { throw fault("a control character in a string") }
      if byte == UInt8(ascii: "\\") {
        collected.append(contentsOf: array(from: start, to: position))
        position += 1
        collected.append(contentsOf: String(Character(try escape())).utf8)
        start = position
      } else {
        position += 1
      }
    }
  }

  /// What follows a backslash.
  @_lifetime(self: copy self)
  private mutating func escape() throws(BSTKError) -> Unicode.Scalar {
    guard let byte = current else { throw fault("a string without an end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var value = try fourHexDigits()
      if value & 0xFC00 == 0xD800 {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
          throw fault("half a surrogate pair")
        }
        let low = try fourHexDigits()
        guard low & 0xFC00 == 0xDC00 else { throw fault("half a surrogate pair") }
        value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
      }
      guard let scalar = Unicode.Scalar(value) else { throw fault("half a surrogate pair") }
      return scalar
    default: throw fault("an unknown escape")
    }
  }

  @_lifetime(self: copy self)
  private mutating func fourHexDigits() throws(BSTKError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = current.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
        throw fault("four hexadecimal digits are expected")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
