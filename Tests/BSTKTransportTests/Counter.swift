import Synchronization

/// Counts what happens on other threads.
final class Counter: Sendable {
  private let number = Atomic(0)
  /// Counts one more and returns how many that makes.
  @discardableResult
  func next() -> Int { number.add(1, ordering: .relaxed).newValue }
  var value: Int { number.load(ordering: .relaxed) }
}
