/// What each token contributes to a text.
struct TokenDecoder: Sendable {
  /// The bytes of each token, by id; nil where the vocabulary has none.
  let bytes: [[UInt8]?]
  /// Tokens that are left out on request.
  let special: Set<TokenID>
  /// What the first token of a text loses where it starts with it.
  let strippedPrefix: [UInt8]
  /// Whether the next one loses it too, as long as nothing is left of those before.
  var stripsRepeatedly = false
  /// A token that loses nothing.
  var unstripped: TokenID?

  /// Number of ids.
  var count: Int { bytes.count }

  /// A token's bytes; none for ids the vocabulary lacks.
  func bytes(of token: TokenID) -> [UInt8] {
    guard Int(token) < bytes.count else { return [] }
    return bytes[Int(token)] ?? []
  }
}
