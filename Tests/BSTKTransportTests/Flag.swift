import Synchronization

/// Remembers that something happened on another thread.
final class Flag: Sendable {
  private let noted = Atomic(false)
  func note() { noted.store(true, ordering: .relaxed) }
  var isNoted: Bool { noted.load(ordering: .relaxed) }
}
