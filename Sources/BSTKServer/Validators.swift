/// What identifies one state of a file to a client, and the conditions asked about it
/// (RFC 9110 sections 8.8 and 13).
struct Validators: Equatable {
  /// A strong entity tag with its quotes.
  let tag: String
  /// The time of the last change, in whole seconds.
  let modified: HTTPDate

  /// What the preconditions of a request decide.
  enum Verdict: Equatable {
    case proceed
    case notModified
    case failed
  }

  /// Weighs the preconditions in the order of RFC 9110 section 13.2.2.
  func verdict(for fields: [String: String], now: HTTPDate) -> Verdict {
    if let match = fields["if-match"] {
      guard match == "*" || Self.tags(match).contains(tag) else { return .failed }
    } else if let limit = fields["if-unmodified-since"].flatMap({ HTTPDate($0, now: now) }) {
      guard modified <= limit else { return .failed }
    }
    if let noneMatch = fields["if-none-match"] {
      // Section 13.1.2 asks for the weak comparison: `W/` does not count.
      let known = Self.tags(noneMatch).map { $0.hasPrefix("W/") ? String($0.dropFirst(2)) : $0 }
      return noneMatch == "*" || known.contains(tag) ? .notModified : .proceed
    }
    if let limit = fields["if-modified-since"].flatMap({ HTTPDate($0, now: now) }) {
      return modified <= limit ? .notModified : .proceed
    }
    return .proceed
  }

  /// Whether an `If-Range` value still names this state, so that a range of it may be answered.
  ///
  /// Section 13.1.5: tags compare strongly; a date only when equal, and only once the second it names
  /// has passed, since the file could have changed again within it.
  func allowRange(_ ifRange: String?, now: HTTPDate) -> Bool {
    guard let ifRange else { return true }
    if ifRange.hasPrefix("\"") || ifRange.hasPrefix("W/") { return ifRange == tag }
    guard let date = HTTPDate(ifRange, now: now) else { return false }
    return date == modified && modified < now
  }

  /// The members of a list of entity tags; a comma inside quotes belongs to its tag.
  static func tags(_ list: String) -> [String] {
    var tags: [String] = []
    var current: [UInt8] = []
    var isQuoted = false
    for byte in Array(list.utf8) + [UInt8(ascii: ",")] {
      if byte == UInt8(ascii: ","), !isQuoted {
        let tag = String(Substring(trimmed(String(decoding: current, as: UTF8.self)[...].utf8)))
        if !tag.isEmpty { tags.append(tag) }
        current = []
      } else {
        if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        current.append(byte)
      }
    }
    return tags
  }
}
