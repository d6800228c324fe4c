/// The value of a `Content-Range` header (RFC 9110, 14.4).
struct ContentRange: Equatable {
  /// The bytes in the body; nil in an answer that says the range cannot be satisfied.
  let range: Range<Int>?
  /// The length of the file, when the server says it.
  let total: Int?

  /// Parses `bytes 0-99/1000`, `bytes 0-99/*` or `bytes */1000`; nil for anything else, including
  /// numbers of 2^53 and above.
  init?(_ value: Substring) {
    let fields = value.split(separator: " ", omittingEmptySubsequences: true)
    guard fields.count == 2, fields[0].lowercased() == "bytes" else { return nil }
    let halves = fields[1].split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2 else { return nil }
    if halves[1] == "*" {
      total = nil
    } else {
      guard let number = Self.number(halves[1]) else { return nil }
      total = number
    }
    if halves[0] == "*" {
      guard total != nil else { return nil }
      range = nil
      return
    }
    let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
      first <= last, last < total ?? .max
    else { return nil }
    range = first..<(last + 1)
  }

  static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.count <= 16, text.utf8.allSatisfy({ 48...57 ~= $0 }),
      let value = Int(text), value < 1 << 53
    else { return nil }
    return value
  }
}
