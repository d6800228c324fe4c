/// Tokens found in a text as they are written, before anything else happens to it: special tokens
/// and others a model's makers added.
struct AddedTokens: Sendable {
  /// One token.
  struct Token: Sendable {
    let id: TokenID
    let content: String
    /// Whether decoding leaves it out on request.
    let isSpecial: Bool
    /// Whether it is looked for in the normalized text.
    let isNormalized: Bool
    /// Whether it swallows white space before it.
    let stripsLeft: Bool
    /// Whether it swallows white space after it.
    let stripsRight: Bool
    /// Whether letters, digits and underscores beside it forbid the match.
    let isSingleWord: Bool
  }

  /// A part of a text: an added token, or what lies between two.
  struct Segment {
    let range: Range<Int>
    let token: TokenID?
  }

  private var tokens: [Token] = []
  private var trie = ByteTrie()

  /// Adds a token that is looked for as `bytes`; of equal ones the last counts.
  mutating func insert(_ token: Token, as bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    trie.insert(bytes, value: tokens.count)
    tokens.append(token)
  }

  var isEmpty: Bool { tokens.isEmpty }
  /// Bytes of the longest token.
  var maximumLength: Int { trie.depth }

  /// The parts of a text in order, the leftmost and longest token first; empty ones are left out.
  func segments(of text: Span<UInt8>) -> [Segment] {
    var segments: [Segment] = []
    var plainStart = 0
    var position = 0
    while !isEmpty, position < text.count {
      guard let (length, value) = trie.longestMatch(in: text, at: position) else {
        position += 1
        continue
      }
      let token = tokens[value]
      var start = position
      var end = position + length
      position = end
      if token.isSingleWord,
        Self.isWord(before: start, in: text) || Self.isWord(at: end, in: text)
      {
        continue
      }
      if token.stripsLeft {
        while start > plainStart, Self.isSpace(before: start, in: text) {
          start -= UTF8Text.scalar(in: text, before: start).length
        }
      }
      if token.stripsRight {
        while end < text.count, Self.isSpace(at: end, in: text) {
          end += UTF8Text.scalar(in: text, at: end).length
        }
      }
      if plainStart < start { segments.append(Segment(range: plainStart..<start, token: nil)) }
      segments.append(Segment(range: start..<end, token: token.id))
      plainStart = end
      position = end
    }
    if plainStart < text.count {
      segments.append(Segment(range: plainStart..<text.count, token: nil))
    }
    return segments
  }

  /// Whether an occurrence of some token could contain or touch `position`.
  func mayTouch(_ position: Int, in text: Span<UInt8>) -> Bool {
    let first = max(0, position - maximumLength)
    for start in first...position {
      if let (length, _) = trie.longestMatch(in: text, at: start), start + length >= position {
        return true
      }
    }
    return false
  }

  // MARK: Neighbours

  private static func isSpace(at position: Int, in text: Span<UInt8>) -> Bool {
    CharacterKind(UTF8Text.scalar(in: text, at: position).value).isSpace
  }

  private static func isSpace(before position: Int, in text: Span<UInt8>) -> Bool {
    CharacterKind(UTF8Text.scalar(in: text, before: position).value).isSpace
  }

  private static func isWord(at position: Int, in text: Span<UInt8>) -> Bool {
    position < text.count && isWord(UTF8Text.scalar(in: text, at: position).value)
  }

  private static func isWord(before position: Int, in text: Span<UInt8>) -> Bool {
    position > 0 && isWord(UTF8Text.scalar(in: text, before: position).value)
  }

  /// `\w`
  private static func isWord(_ value: UInt32) -> Bool {
    guard let scalar = Unicode.Scalar(value) else { return false }
    let kind = CharacterKind(value)
    return kind.isLetter || kind == .mark || scalar.properties.isAlphabetic
      || scalar.properties.generalCategory == .decimalNumber
      || scalar.properties.generalCategory == .connectorPunctuation
  }
}
