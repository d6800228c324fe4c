internal import Foundation

/// What a text goes through before it is cut into words.
struct Normalizer: Sendable {
  /// One step.
  enum Step: Sendable {
    case nfc, nfd, nfkc, nfkd
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
      case .nfc: Self.compose(text) { $0.precomposedStringWithCanonicalMapping }
      case .nfd: Self.compose(text) { $0.decomposedStringWithCanonicalMapping }
      case .nfkc: Self.compose(text) { $0.precomposedStringWithCompatibilityMapping }
      case .nfkd: Self.compose(text) { $0.decomposedStringWithCompatibilityMapping }
      case .prepend(let bytes): isContinuation || text.isEmpty ? text : bytes + text
      case .replace(let old, let new): Self.replace(old, by: new, in: text)
      }
    }
  }

  /// Applies a Unicode normalization form; ASCII is left alone by all of them.
  private static func compose(_ text: [UInt8], _ form: (String) -> String) -> [UInt8] {
    guard text.contains(where: { $0 >= 0x80 }) else { return text }
    return Array(form(String(decoding: text, as: UTF8.self)).utf8)
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
