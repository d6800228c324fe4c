internal import BSTKFormat

/// The rules by which a SentencePiece model rewrites characters before it encodes: a trie of their
/// UTF-8 (a double array of 32-bit units, as darts-clone lays it out), then the replacements, each
/// ended by a zero byte.
///
/// libsentencepiece walks the trie without looking where it ends, so all that can be reached is
/// checked here first.
struct CharacterMap {
  /// Whether some rule replaces a sequence with a space that is not its first character.
  private(set) var hasInnerSpace = false

  /// The tables of known rules have fewer than 100,000 units.
  private static let maximumUnitCount = 1 << 20
  /// The library keeps no more matches of one position.
  private static let maximumNestedRules = 32

  /// - Throws: `TOKENIZER` when the map is damaged or has more than 2²⁰ units.
  init(_ bytes: Span<UInt8>) throws(BSTKError) {
    guard bytes.count > 4 else { throw Self.fault }
    let trieByteCount = Int(Self.word(bytes, 0))
    guard trieByteCount <= bytes.count - 4, trieByteCount % 4 == 0,
      trieByteCount / 4 <= Self.maximumUnitCount
    else { throw Self.fault }
    let units = (0..<trieByteCount / 4).map { Self.word(bytes, 1 + $0) }
    let replacementByteCount = bytes.count - 4 - trieByteCount
    guard !units.isEmpty, replacementByteCount > 0, bytes[bytes.count - 1] == 0 else {
      throw Self.fault
    }
    try walk(units, replacementByteCount: replacementByteCount)
  }

  private static var fault: BSTKError {
    SentencePieceModel.fault("has a damaged character map")
  }

  private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << (8 * UInt32($1)) }
  }

  /// Visits every node that some text leads to, each once: ends of sequences are shared.
  private mutating func walk(_ units: [UInt32], replacementByteCount: Int) throws(BSTKError) {
    /// Rules from a node on, along the path that has the most; nil while they are being counted.
    var ruleCounts: [Int: Int?] = [0: nil]
    var path = [(node: 0, byte: 0, longest: 0)]
    while let (node, byte, longest) = path.last {
      let unit = units[node]
      let offset = Int((unit >> 10) << ((unit & 0x200) >> 6))
      let children = node ^ offset
      guard children | 0xFF < units.count else { throw Self.fault }
      if byte < 256 {
        path[path.count - 1].byte += 1
        let child = children ^ byte
        guard units[child] & 0x8000_00FF == UInt32(byte) else { continue }
        if byte == 0x20, node != 0 { hasInnerSpace = true }
        if let known = ruleCounts[child] {
          // A sequence without an end would come back to a node on its own path.
          guard let known else { throw Self.fault }
          path[path.count - 1].longest = max(longest, known)
        } else {
          ruleCounts[child] = .some(nil)
          path.append((child, 0, 0))
        }
        continue
      }
      let isRule = unit & 0x100 != 0
      let replacement = isRule ? Int(units[children] & 0x7FFF_FFFF) : 0
      let count = longest + (isRule ? 1 : 0)
      guard count <= Self.maximumNestedRules, replacement < replacementByteCount else {
        throw Self.fault
      }
      ruleCounts[node] = .some(count)
      path.removeLast()
      if let parent = path.indices.last { path[parent].longest = max(path[parent].longest, count) }
    }
  }
}
