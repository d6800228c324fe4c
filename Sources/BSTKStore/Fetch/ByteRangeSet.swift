/// A set of byte offsets kept as sorted, disjoint, non-touching ranges.
///
/// A fetch asks the same questions all the time (what is missing below here, how far does the run
/// that starts there reach), and the set stays small: ranges that meet are joined. Insertion is
/// O(n) in the number of ranges, look-ups O(log n).
package struct ByteRangeSet: Equatable, Sendable {
  /// The ranges, ascending, none empty, no two touching.
  package private(set) var ranges: [Range<Int>] = []

  /// Makes an empty set.
  package init() {}

  /// Makes a set of one range.
  package init(_ range: Range<Int>) {
    if !range.isEmpty { ranges = [range] }
  }

  /// How many offsets are in the set.
  package var byteCount: Int { ranges.reduce(0) { $0 + $1.count } }

  /// How many offsets from `start` on are in the set.
  package func byteCount(from start: Int) -> Int {
    ranges[index(endingAfter: start)...].reduce(0) {
      $0 + $1.upperBound - max($1.lowerBound, start)
    }
  }

  /// Whether the set has no offset.
  package var isEmpty: Bool { ranges.isEmpty }

  /// The index of the first range that ends after `offset`.
  private func index(endingAfter offset: Int) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound > offset { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Adds every offset of a range.
  package mutating func insert(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    var first = index(endingAfter: range.lowerBound)
    if first > 0, ranges[first - 1].upperBound == range.lowerBound { first -= 1 }
    var last = first
    var joined = range
    while last < ranges.count, ranges[last].lowerBound <= joined.upperBound {
      let start = min(joined.lowerBound, ranges[last].lowerBound)
      joined = start..<max(joined.upperBound, ranges[last].upperBound)
      last += 1
    }
    ranges.replaceSubrange(first..<last, with: [joined])
  }

  /// Removes every offset of a range.
  package mutating func remove(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    let first = index(endingAfter: range.lowerBound)
    var last = first
    var kept: [Range<Int>] = []
    while last < ranges.count, ranges[last].lowerBound < range.upperBound {
      let old = ranges[last]
      if old.lowerBound < range.lowerBound { kept.append(old.lowerBound..<range.lowerBound) }
      if old.upperBound > range.upperBound { kept.append(range.upperBound..<old.upperBound) }
      last += 1
    }
    ranges.replaceSubrange(first..<last, with: kept)
  }

  /// Whether every offset of a range is in the set.
  package func contains(_ range: Range<Int>) -> Bool {
    range.isEmpty || runEnd(at: range.lowerBound) >= range.upperBound
  }

  /// Where the run of members that starts at `offset` ends; `offset` itself when it is no member.
  package func runEnd(at offset: Int) -> Int {
    let position = index(endingAfter: offset)
    guard position < ranges.count, ranges[position].lowerBound <= offset else { return offset }
    return ranges[position].upperBound
  }

  /// The first range of non-members inside `range`, or nil when all of it is in the set.
  package func firstGap(in range: Range<Int>) -> Range<Int>? {
    let start = runEnd(at: range.lowerBound)
    guard start < range.upperBound else { return nil }
    let position = index(endingAfter: start)
    let end = position < ranges.count ? ranges[position].lowerBound : range.upperBound
    return start..<min(end, range.upperBound)
  }

  /// All ranges of non-members inside `range`, ascending.
  package func gaps(in range: Range<Int>) -> [Range<Int>] {
    var gaps: [Range<Int>] = []
    var rest = range
    while let gap = firstGap(in: rest) {
      gaps.append(gap)
      rest = gap.upperBound..<range.upperBound
    }
    return gaps
  }
}
