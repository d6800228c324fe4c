internal import BSTKFormat

/// Encodes a text chunk by chunk with libsentencepiece, to the ids of the whole.
struct SentencePieceEncoder: Sendable {
  let library: SentencePieceLibrary
  /// The id of the unknown piece; the library makes one of a run of them.
  let unknown: TokenID
  /// Whether the library puts a space before every text, and keeps those that are there.
  let repeatsFirstSpace: Bool

  /// Appends the ids of a chunk.
  ///
  /// - Parameters:
  ///   - isStart: Whether no text comes before it. Other chunks start with a space.
  ///   - followsUnknown: Whether the chunk before ended in the unknown piece; on return whether
  ///     this one does.
  func encode(
    _ text: Span<UInt8>, isStart: Bool, followsUnknown: inout Bool, into out: inout [TokenID]
  ) throws(BSTKError) {
    let ids = try library.encode(
      isStart || !repeatsFirstSpace ? text : text.extracting(droppingFirst: 1))
    guard let first = ids.first, let last = ids.last else { return }
    out.append(contentsOf: ids.dropFirst(followsUnknown && first == unknown ? 1 : 0))
    followsUnknown = last == unknown
  }
}
