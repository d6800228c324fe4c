/// A range that failed and waits to be asked for again.
struct Trouble {
  let range: Range<Int>
  /// Attempts without a byte.
  let attempts: Int
  let notBefore: Double
  /// The source to leave out when there is another.
  let avoidedSource: Int?
  /// Whether to bypass caches and kept connections.
  let isFresh: Bool
}
