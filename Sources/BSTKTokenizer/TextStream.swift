/// Decodes tokens one at a time into pieces of text that never end inside a character.
public struct TextStream: Sendable {
  private let decoder: TokenDecoder
  private let skipsSpecialTokens: Bool
  private var pending: [UInt8] = []
  private var isStart = true

  /// Starts a text.
  ///
  /// - Parameters:
  ///   - tokenizer: The tokenizer whose ids will come.
  ///   - skippingSpecialTokens: Whether special tokens are left out.
  ///   - isContinuation: Whether text came before, so that a space at the start is kept.
  public init(
    _ tokenizer: Tokenizer, skippingSpecialTokens: Bool = true, isContinuation: Bool = false
  ) {
    decoder = tokenizer.decoder
    skipsSpecialTokens = skippingSpecialTokens
    isStart = !isContinuation
  }

  /// The text that is complete with this token; empty while a character lacks bytes.
  public mutating func append(_ token: TokenID) -> String {
    if skipsSpecialTokens, decoder.special.contains(token) { return "" }
    var bytes = decoder.bytes(of: token)
    if isStart, !bytes.isEmpty {
      if token != decoder.unstripped, bytes.starts(with: decoder.strippedPrefix) {
        bytes.removeFirst(decoder.strippedPrefix.count)
      }
      isStart = decoder.stripsRepeatedly && bytes.isEmpty
    }
    pending.append(contentsOf: bytes)
    let kept = UTF8Text.incompleteSuffix(of: pending)
    let text = String(decoding: pending.dropLast(kept), as: UTF8.self)
    pending.removeFirst(pending.count - kept)
    return text
  }

  /// What is left at the end: a replacement character for a character that never became whole.
  public mutating func finish() -> String {
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }
}
