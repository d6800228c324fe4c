internal import Synchronization

/// The end of a file that several threads may append to.
final class EndPosition: Sendable {
  private let value: Atomic<Int>

  init(_ byteCount: Int) { value = Atomic(byteCount) }

  /// Reserves room and returns where it begins.
  func advance(by byteCount: Int) -> Int {
    value.wrappingAdd(byteCount, ordering: .relaxed).oldValue
  }
}
