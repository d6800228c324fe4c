/// Colours of a stream, or none.
struct Style: Sendable {
  private let isOn: Bool

  init(_ stream: Console.Stream) { isOn = stream.usesColor }

  /// No colour at all.
  static let plain = Style(isOn: false)

  private init(isOn: Bool) { self.isOn = isOn }

  func bold(_ text: String) -> String { wrap(text, "1") }
  func red(_ text: String) -> String { wrap(text, "1;31") }
  func green(_ text: String) -> String { wrap(text, "32") }
  func dim(_ text: String) -> String { wrap(text, "2") }

  private func wrap(_ text: String, _ code: String) -> String {
    isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
