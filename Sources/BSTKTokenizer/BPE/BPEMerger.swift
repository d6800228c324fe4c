/// Merges the symbols of one word, lowest rank first and leftmost among equals, in n log n steps.
struct BPEMerger: Sendable {
  /// A link of the list of symbols that remain; a merged-away right half has length 0.
  private struct Symbol {
    var id: TokenID
    var previous: Int32
    var next: Int32
    var isAlive = true
  }

  private struct Candidate {
    let rank: UInt32
    let position: Int32
    let result: TokenID

    func comes(before other: Candidate) -> Bool {
      rank != other.rank ? rank < other.rank : position < other.position
    }
  }

  private var symbols: [Symbol] = []
  private var heap: [Candidate] = []

  /// Appends the tokens that `word`, a list of initial symbols, merges into.
  ///
  /// - Precondition: the word has fewer than 2^31 symbols.
  mutating func merge(_ word: [TokenID], with table: MergeTable, into out: inout [TokenID]) {
    guard word.count > 1 else {
      out.append(contentsOf: word)
      return
    }
    symbols.removeAll(keepingCapacity: true)
    heap.removeAll(keepingCapacity: true)
    for (index, id) in word.enumerated() {
      let next = index + 1 < word.count ? Int32(index + 1) : -1
      symbols.append(Symbol(id: id, previous: Int32(index) - 1, next: next))
    }
    for index in 0..<word.count - 1 { consider(Int32(index), table) }

    while let candidate = popFirst() {
      let left = symbols[Int(candidate.position)]
      // An entry is stale when either half has merged with something else since.
      guard left.isAlive, left.next >= 0 else { continue }
      let right = symbols[Int(left.next)]
      guard table.merge(left.id, right.id)?.result == candidate.result else { continue }
      symbols[Int(left.next)].isAlive = false
      symbols[Int(candidate.position)].id = candidate.result
      symbols[Int(candidate.position)].next = right.next
      if right.next >= 0 { symbols[Int(right.next)].previous = candidate.position }
      if left.previous >= 0 { consider(left.previous, table) }
      consider(candidate.position, table)
    }
    var index: Int32 = 0
    while index >= 0 {
      out.append(symbols[Int(index)].id)
      index = symbols[Int(index)].next
    }
  }

  /// Queues the pair that starts at a position, where it merges.
  private mutating func consider(_ position: Int32, _ table: MergeTable) {
    let left = symbols[Int(position)]
    guard left.next >= 0, let merge = table.merge(left.id, symbols[Int(left.next)].id)
    else { return }
    push(Candidate(rank: merge.rank, position: position, result: merge.result))
  }

  // MARK: A binary heap, first candidate on top

  private mutating func push(_ candidate: Candidate) {
    var index = heap.count
    heap.append(candidate)
    while index > 0 {
      let parent = (index - 1) / 2
      guard candidate.comes(before: heap[parent]) else { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = candidate
  }

  private mutating func popFirst() -> Candidate? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].comes(before: heap[child]) { child += 1 }
      guard heap[child].comes(before: last) else { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = last
    return first
  }
}
