/// Which pairs of tokens merge, into what, and in which order: a hash table over pairs, open
/// addressing, filled once.
struct MergeTable: Sendable {
  /// What a pair becomes.
  struct Merge: Sendable {
    /// Smaller merges first.
    let rank: UInt32
    let result: TokenID
  }

  private struct Slot {
    var left: TokenID = 0
    var right: TokenID = 0
    var merge = Merge(rank: .max, result: 0)
  }

  private var slots: [Slot]
  private let mask: Int

  /// A table for up to `capacity` pairs.
  init(capacity: Int) {
    var size = 16
    while size < 2 * capacity { size *= 2 }
    slots = Array(repeating: Slot(), count: size)
    mask = size - 1
  }

  private func start(_ left: TokenID, _ right: TokenID) -> Int {
    let key = (UInt64(left) << 32 | UInt64(right)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: key >> 29) & mask
  }

  /// Adds a pair; the last one given counts where one repeats, as in the reference.
  ///
  /// - Precondition: fewer pairs than the capacity are in the table, and no rank is `.max`.
  mutating func insert(_ left: TokenID, _ right: TokenID, _ merge: Merge) {
    var index = start(left, right)
    while slots[index].merge.rank != .max, slots[index].left != left || slots[index].right != right
    {
      index = (index + 1) & mask
    }
    slots[index] = Slot(left: left, right: right, merge: merge)
  }

  /// What the pair merges into, or nil.
  func merge(_ left: TokenID, _ right: TokenID) -> Merge? {
    var index = start(left, right)
    while true {
      let slot = slots[index]
      if slot.merge.rank == .max { return nil }
      if slot.left == left, slot.right == right { return slot.merge }
      index = (index + 1) & mask
    }
  }
}
