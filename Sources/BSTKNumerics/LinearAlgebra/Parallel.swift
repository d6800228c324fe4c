internal import Dispatch

/// Work split over as many threads as the BLAS uses.
enum Parallel {
  /// Calls `body` once for every index below `count`, in no particular order.
  ///
  /// What an index does must not depend on the number of threads.
  static func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    let workers = min(BLAS.threadCount, count)
    guard workers > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      for index in stride(from: worker, to: count, by: workers) { body(index) }
    }
  }
}
