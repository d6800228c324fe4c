/// Where a long text may be cut so that its parts encode to the same tokens as the whole.
///
/// Every known word pattern ends a match between a letter and a character that is neither letter
/// nor mark, looks no further back, and Unicode normalization joins nothing across such a place.
/// SentencePiece-like vocabularies may be cut between a letter and a space when no token has a
/// space inside.
struct StreamBoundaries: Sendable {
  /// Whether there are safe places at all; else a text must be encoded as a whole.
  let areKnown: Bool
  /// Whether only a space may follow the cut.
  let needSpace: Bool

  /// The last safe place in `range` of `text`, or nil.
  func last(
    in text: Span<UInt8>, range: Range<Int>, avoiding tokens: AddedTokens, _ others: AddedTokens
  ) -> Int? {
    guard areKnown else { return nil }
    var position = range.upperBound
    while position > range.lowerBound, position > 0 {
      let (value, length) = UTF8Text.scalar(in: text, before: position)
      if position < text.count, CharacterKind(value).isLetter, isSafe(at: position, in: text),
        !tokens.mayTouch(position, in: text), !others.mayTouch(position, in: text)
      {
        return position
      }
      position -= length
    }
    return nil
  }

  /// Whether the cut is safe as far as the character after it says.
  private func isSafe(at position: Int, in text: Span<UInt8>) -> Bool {
    let value = UTF8Text.scalar(in: text, at: position).value
    if needSpace { return value == 0x20 }
    let kind = CharacterKind(value)
    return !kind.isLetter && kind != .mark
  }
}
