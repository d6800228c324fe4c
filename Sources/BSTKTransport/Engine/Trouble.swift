/// A range that failed and waits to be asked for again.
struct Trouble {
  let range: Range<Int>
  /// Attempts without a new byte.
  let attempts: Attempts
  let notBefore: Double
  /// The sources to leave out while there is another.
  let avoided: Set<Int>
  /// The source of the last attempt, when it failed there.
  let failedOn: Int?
  /// Whether it is a chunk that did not match its hash, which comes from one source as a whole.
  let isRepair: Bool
  /// Whether to bypass caches and kept connections.
  let isFresh: Bool
}
