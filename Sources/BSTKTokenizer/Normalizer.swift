/// What a text goes through before it is cut into words.
struct Normalizer: Sendable {
  /// One step.
  enum Step: Sendable {
    case unicode(NormalizationForm)
    /// Puts bytes before a text that is not empty.
    case prepend([UInt8])
    /// Puts other bytes in place of all occurrences of some.
    case replace([UInt8], by: [UInt8])
  }

  var steps: [Step] = []

  /// The normalized text; `isContinuation` leaves out what is put before a text.
  func normalize(_ text: [UInt8], isContinuation: Bool = false) -> [UInt8] {
    steps.reduce(text) { text, step in
      switch step {
      case .unicode(let form): form.normalize(text)
      case .prepend(let bytes): isContinuation || text.isEmpty ? text : bytes + text
      case .replace(let old, let new): Self.replace(old, by: new, in: text)
      }
    }
  }

  /// The text with other bytes in place of all occurrences of some.
  static func replace(_ old: [UInt8], by new: [UInt8], in text: [UInt8]) -> [UInt8] {
    guard let first = old.first else { return text }
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      if text[position] == first, text[position...].starts(with: old) {
        out.append(contentsOf: new)
        position += old.count
      } else {
        out.append(text[position])
        position += 1
      }
    }
    return out
  }
}
