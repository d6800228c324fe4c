/// A byte-pair encoding: the words of a pre-tokenized text to tokens.
struct BPEModel: Sendable {
  /// What a word is made of before merging.
  enum Alphabet: Sendable {
    /// Bytes, by the token of each; nil where the vocabulary lacks it.
    case bytes([TokenID?])
    /// Unicode scalars, by value, with the tokens of single bytes to fall back on.
    case scalars([UInt32: TokenID], byteFallback: [TokenID?]?)
  }

  /// What a word starts from.
  let alphabet: Alphabet
  /// Which pairs merge.
  let merges: MergeTable
  /// Whole words that are tokens without merging; nil unless `ignore_merges` is set.
  let wholeWords: [[UInt8]: TokenID]?
  /// The token for what the vocabulary cannot spell.
  let unknown: TokenID?
  /// Whether neighbouring unknowns become one.
  let fusesUnknown: Bool

  /// The initial symbols of a word of valid UTF-8.
  private func symbols(of word: Span<UInt8>, into out: inout [TokenID]) {
    out.removeAll(keepingCapacity: true)
    var pendingUnknown = false
    func append(unknown: TokenID) {
      if pendingUnknown && !fusesUnknown { out.append(unknown) }
      pendingUnknown = true
    }
    func append(known: TokenID) {
      if pendingUnknown, let unknown { out.append(unknown) }
      pendingUnknown = false
      out.append(known)
    }
    switch alphabet {
    case .bytes(let table):
      for i in word.indices {
        if let id = table[Int(word[i])] {
          append(known: id)
        } else if let unknown {
          append(unknown: unknown)
        }
      }
    case .scalars(let table, let byteFallback):
      var position = 0
      while position < word.count {
        let (scalar, length) = UTF8Text.scalar(in: word, at: position)
        if let id = table[scalar] {
          append(known: id)
        } else if let ids = fallback(byteFallback, word, position..<position + length) {
          // As the reference does: an unknown waiting to be fused stays behind these.
          out.append(contentsOf: ids)
        } else if let unknown {
          append(unknown: unknown)
        }
        position += length
      }
    }
    if pendingUnknown, let unknown { out.append(unknown) }
  }

  /// The tokens of a character's bytes, when the vocabulary has all of them.
  private func fallback(
    _ table: [TokenID?]?, _ word: Span<UInt8>, _ range: Range<Int>
  ) -> [TokenID]? {
    guard let table else { return nil }
    var ids: [TokenID] = []
    for i in range {
      guard let id = table[Int(word[i])] else { return nil }
      ids.append(id)
    }
    return ids
  }

  /// The working memory of an encoding run.
  struct Workspace: Sendable {
    fileprivate var cache = WordCache()
    fileprivate var merger = BPEMerger()
    fileprivate var symbols: [TokenID] = []
  }

  /// Appends a word's tokens.
  func encode(_ word: Span<UInt8>, using space: inout Workspace, into out: inout [TokenID]) {
    guard word.count <= WordCache.maximumWordLength else {
      merge(word, using: &space, into: &out)
      return
    }
    let hash = WordCache.hash(word)
    if space.cache.append(word, hash: hash, to: &out) { return }
    let start = out.count
    merge(word, using: &space, into: &out)
    space.cache.insert(word, hash: hash, tokens: out[start...])
  }

  private func merge(_ word: Span<UInt8>, using space: inout Workspace, into out: inout [TokenID]) {
    if let wholeWords, let id = wholeWords[[UInt8](copying: word)] {
      out.append(id)
      return
    }
    symbols(of: word, into: &space.symbols)
    space.merger.merge(space.symbols, with: merges, into: &out)
  }
}
