internal import Dispatch
internal import Synchronization

/// Work split over as many threads as the BLAS uses.
package enum Parallel {
  /// Calls `body` once for every index below `count`, in no particular order.
  ///
  /// What an index does must not depend on the number of threads.
  package static func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    let workers = min(BLAS.threadCount, count)
    guard workers > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    // Whoever is free takes the next index, so that a thread held up elsewhere delays one of them.
    let taken = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        body(index)
      }
    }
  }

  /// Calls `body` once for every element of `items`, in no particular order, each call changing its
  /// own element.
  ///
  /// What becomes of an element must not depend on the number of threads.
  package static func update<Item: Sendable>(
    _ items: inout [Item], _ body: @Sendable (Int, inout Item) -> Void
  ) {
    let count = items.count
    unsafe items.withUnsafeMutableBufferPointer { buffer in
      // SAFETY: no two calls have the same index, and nothing else reaches the array meanwhile.
      nonisolated(unsafe) let elements = unsafe buffer
      forEach(count) { index in unsafe body(index, &elements[index]) }
    }
  }
}
