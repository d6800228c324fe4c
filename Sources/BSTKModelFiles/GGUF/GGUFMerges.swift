internal import BSTKFormat

/// The merges of a vocabulary of the SentencePiece kind, which GGUF files leave to the scores: every
/// way to make a token of two others, best scores first.
///
/// Source: the transformers library's `generate_merges`.
struct GGUFMerges {
  /// Two tokens that become one, first ones first.
  let pairs: [(left: String, right: String)]

  /// Longer tokens are not made of others: looking for their parts takes the square of their length.
  private static let byteCount = 256

  private struct Candidate {
    let left: String
    let right: String
    let score: Float
    let leftCount: Int
    let rightCount: Int

    func comes(before other: Candidate) -> Bool {
      if score != other.score { return score > other.score }
      if leftCount != other.leftCount { return leftCount > other.leftCount }
      return rightCount > other.rightCount
    }
  }

  /// - Throws: `GGUF` when there is no finite score for each token.
  init(_ metadata: GGUFMetadata, _ tokens: [String], _ ids: [[UInt8]: Int]) throws(BSTKError) {
    let scores = try metadata.optional("tokenizer.ggml.scores", "a list of numbers") { $0.floats }
    guard let scores, scores.count == tokens.count, scores.allSatisfy(\.isFinite) else {
      throw GGUFHeader.fault(
        "there is neither a list of merges nor a score for each token", at: nil)
    }
    var candidates: [Candidate] = []
    for (token, score) in zip(tokens, scores) where token.utf8.count <= Self.byteCount {
      let bytes = Array(token.utf8)
      let scalarCount = token.unicodeScalars.count
      var leftCount = 0
      var local: [(ids: (Int, Int), candidate: Candidate)] = []
      for end in bytes.indices.dropFirst() where bytes[end] & 0xC0 != 0x80 {
        leftCount += 1
        guard let left = ids[Array(bytes[..<end])], let right = ids[Array(bytes[end...])] else {
          continue
        }
        local.append(
          (
            (left, right),
            Candidate(
              left: tokens[left], right: tokens[right], score: score, leftCount: leftCount,
              rightCount: scalarCount - leftCount)
          ))
      }
      candidates += local.sorted { $0.ids < $1.ids }.map(\.candidate)
    }
    // The order of equals counts, so that they are told apart by their places.
    let sorted = candidates.enumerated().sorted { left, right in
      left.element.comes(before: right.element)
        || !right.element.comes(before: left.element) && left.offset < right.offset
    }
    pairs = sorted.map { ($0.element.left, $0.element.right) }
  }
}
