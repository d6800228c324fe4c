/// A set of byte strings with numbers, for finding the longest that starts at a place.
struct ByteTrie: Sendable {
  private var children: [UInt64: Int] = [:]
  private var values: [Int?] = [nil]
  private var canStart = [Bool](repeating: false, count: 256)
  /// Length of the longest string.
  private(set) var depth = 0

  /// Adds a string that is not empty, or gives one that is there another number.
  mutating func insert(_ bytes: [UInt8], value: Int) {
    guard let first = bytes.first else { return }
    canStart[Int(first)] = true
    depth = max(depth, bytes.count)
    var node = 0
    for byte in bytes {
      let edge = UInt64(node) << 8 | UInt64(byte)
      if let next = children[edge] {
        node = next
      } else {
        children[edge] = values.count
        node = values.count
        values.append(nil)
      }
    }
    values[node] = value
  }

  /// Length and number of the longest string at `start`.
  func longestMatch(in text: Span<UInt8>, at start: Int) -> (length: Int, value: Int)? {
    guard start < text.count, canStart[Int(text[start])] else { return nil }
    var node = 0
    var best: (Int, Int)?
    for position in start..<text.count {
      guard let next = children[UInt64(node) << 8 | UInt64(text[position])] else { break }
      node = next
      if let value = values[node] { best = (position + 1 - start, value) }
    }
    return best
  }
}
