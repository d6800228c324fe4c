public import BSTKFormat

/// Encodes a text that arrives in pieces of any size, to the same tokens as the whole at once.
///
/// Memory is one chunk of text, unless the text has no place where it may be cut.
public struct TokenStream: Sendable {
  private let tokenizer: Tokenizer
  private let chunkSize: Int
  private let addsSpecialTokens: Bool
  private var space = TokenizerModel.Workspace()
  /// Text not encoded yet; valid UTF-8.
  private var buffer: [UInt8] = []
  /// The start of a character whose end has not arrived.
  private var incomplete: [UInt8] = []
  private var isStart = true
  private var nextAttempt: Int
  /// Bytes of text taken so far.
  private var byteCount = 0

  /// Starts a text.
  public init(_ tokenizer: Tokenizer, addingSpecialTokens: Bool = false) {
    self.init(
      tokenizer, addingSpecialTokens: addingSpecialTokens, chunkSize: tokenizer.model.chunkSize)
  }

  /// Starts a text that is encoded in chunks of about so many bytes.
  init(_ tokenizer: Tokenizer, addingSpecialTokens: Bool, chunkSize: Int) {
    self.tokenizer = tokenizer
    self.chunkSize = chunkSize
    addsSpecialTokens = addingSpecialTokens
    nextAttempt = chunkSize
  }

  /// Takes the next bytes of UTF-8 text; they may end inside a character. Appends the tokens that
  /// are certain by now.
  ///
  /// - Throws: `BSTKError` with code `TOKENIZER` at the first byte that is not UTF-8, and what
  ///   ``Tokenizer/encode(_:addingSpecialTokens:)`` throws.
  public mutating func append(_ bytes: Span<UInt8>, into tokens: inout [TokenID]) throws(BSTKError)
  {
    var text = incomplete + [UInt8](copying: bytes)
    let start = byteCount - incomplete.count
    let tail = UTF8Text.incompleteSuffix(of: text)
    incomplete = Array(text.suffix(tail))
    text.removeLast(tail)
    byteCount += bytes.count
    if let fault = Self.firstInvalid(text) {
      throw BSTKError(
        .tokenizer, "the text is not UTF-8", offset: UInt64(start + fault),
        remedy: "convert the text to UTF-8")
    }
    try append(validText: text, into: &tokens)
  }

  /// Takes the end of the text and appends the tokens that remain.
  ///
  /// - Throws: `BSTKError` with code `TOKENIZER` when the text ends inside a character, and what
  ///   ``Tokenizer/encode(_:addingSpecialTokens:)`` throws.
  public mutating func finish(checkingInto tokens: inout [TokenID]) throws(BSTKError) {
    guard incomplete.isEmpty else {
      throw BSTKError(
        .tokenizer, "the text ends inside a UTF-8 character",
        offset: UInt64(byteCount - incomplete.count))
    }
    try finish(into: &tokens)
  }

  mutating func append(
    validText text: [UInt8], into tokens: inout [TokenID]
  ) throws(BSTKError) {
    buffer.append(contentsOf: text)
    guard buffer.count >= nextAttempt else { return }
    try encodeChunks(into: &tokens)
    // Without a place to cut, look again only when the text has doubled.
    nextAttempt = 2 * (buffer.count < 2 * chunkSize ? chunkSize : buffer.count)
  }

  /// Encodes what can be cut off; another chunk's length stays behind each cut. Where the cuts are
  /// depends on the text alone, not on how it arrives.
  private mutating func encodeChunks(into tokens: inout [TokenID]) throws(BSTKError) {
    var start = 0
    var end = chunkSize
    while buffer.count - end >= chunkSize {
      guard let cut = cut(in: max(start + 1, end - chunkSize)..<end) else {
        end += chunkSize
        continue
      }
      try encode(start..<cut, into: &tokens)
      start = cut
      end = start + chunkSize
    }
    buffer.removeFirst(start)
  }

  /// A safe place that no added token, even one not wholly there yet, can reach, with a character
  /// more after it than the space that may be there.
  private func cut(in range: Range<Int>) -> Int? {
    let tokens = tokenizer.addedTokens
    let others = tokenizer.normalizedAddedTokens
    let margin = max(tokens.maximumLength, others.maximumLength)
    var upper = min(range.upperBound, buffer.count - margin - 2)
    while upper > range.lowerBound, buffer[upper] & 0xC0 == 0x80 { upper -= 1 }
    guard upper > range.lowerBound else { return nil }
    return tokenizer.boundaries.last(
      in: buffer.span, range: range.lowerBound..<upper, avoiding: tokens, others)
  }

  private mutating func encode(
    _ range: Range<Int>, into tokens: inout [TokenID]
  ) throws(BSTKError) {
    if isStart, addsSpecialTokens { tokens.append(contentsOf: tokenizer.template.prefix) }
    try tokenizer.encode(
      piece: Array(buffer[range]), isStart: isStart, using: &space, into: &tokens)
    isStart = false
  }

  mutating func finish(into tokens: inout [TokenID]) throws(BSTKError) {
    try encodeChunks(into: &tokens)
    if isStart || !buffer.isEmpty { try encode(0..<buffer.count, into: &tokens) }
    if addsSpecialTokens { tokens.append(contentsOf: tokenizer.template.suffix) }
    buffer = []
    space.followsUnknown = false
    isStart = true
  }

  /// Position of the first byte that does not belong to valid UTF-8, or nil.
  private static func firstInvalid(_ text: [UInt8]) -> Int? {
    do {
      _ = try UTF8Span(validating: text.span)
      return nil
    } catch {
      return error.byteOffsets.lowerBound
    }
  }
}
