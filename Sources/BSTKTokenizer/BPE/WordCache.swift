/// The tokens of words met before, so that common words are merged once.
///
/// When the table is half full everything is forgotten and, up to a bound, the table made larger:
/// small texts pay little, and memory is bounded whatever the text.
struct WordCache: Sendable {
  /// Longer words are not worth keeping.
  static let maximumWordLength = 64
  private static let maximumSlotCount = 1 << 16

  private struct Entry {
    var hash: UInt64 = 0
    var word = 0
    var wordCount = 0
    var tokens = 0
    var tokenCount = 0
  }

  private var slots = [Entry](repeating: Entry(), count: 1 << 10)
  private var used = 0
  private var words: [UInt8] = []
  private var tokens: [TokenID] = []

  static func hash(_ word: Span<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for i in word.indices { hash = (hash ^ UInt64(word[i])) &* 0x100_0000_01B3 }
    // FNV-1a leaves its low bits poor; fold the high ones in. Zero marks an empty slot.
    return (hash ^ hash >> 29) | 1 << 63
  }

  /// Appends the word's tokens when it is known, and says whether it is.
  func append(_ word: Span<UInt8>, hash: UInt64, to out: inout [TokenID]) -> Bool {
    var index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[index].hash != 0 {
      let entry = slots[index]
      if entry.hash == hash, entry.wordCount == word.count, equals(word, at: entry.word) {
        for i in entry.tokens..<entry.tokens + entry.tokenCount { out.append(tokens[i]) }
        return true
      }
      index = (index + 1) & (slots.count - 1)
    }
    return false
  }

  private func equals(_ word: Span<UInt8>, at start: Int) -> Bool {
    for i in word.indices where words[start + i] != word[i] { return false }
    return true
  }

  /// Remembers an unknown word.
  mutating func insert(_ word: Span<UInt8>, hash: UInt64, tokens new: ArraySlice<TokenID>) {
    if used >= slots.count / 2 {
      slots = [Entry](
        repeating: Entry(), count: min(4 * slots.count, Self.maximumSlotCount))
      words.removeAll(keepingCapacity: true)
      tokens.removeAll(keepingCapacity: true)
      used = 0
    }
    var index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[index].hash != 0 { index = (index + 1) & (slots.count - 1) }
    slots[index] = Entry(
      hash: hash, word: words.count, wordCount: word.count, tokens: tokens.count,
      tokenCount: new.count)
    for i in word.indices { words.append(word[i]) }
    tokens.append(contentsOf: new)
    used += 1
  }
}
