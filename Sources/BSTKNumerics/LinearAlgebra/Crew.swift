internal import CKernels
internal import Dispatch
internal import Synchronization

/// Threads that share work of a few microseconds.
///
/// Waking a thread takes longer than such work does. So a thread of the crew that has nothing to do
/// looks out for more during ``patience`` and only then sleeps; one that comes late to a job finds it
/// done, and nobody has waited for it.
package final class Crew: Sendable {
  /// The one crew of the process.
  package static let shared = Crew()

  /// How long a thread looks out before it sleeps, and the caller before it sleeps until the last
  /// thread is done, in nanoseconds.
  private static let patience: UInt64 = 50_000
  /// The most threads, without the caller.
  private static let maximumSize = 63

  /// Bits of `state`: the job takes threads; the caller sleeps; below them the threads at work.
  private static let isOpen: UInt64 = 1 << 33
  private static let isAwaited: UInt64 = 1 << 32
  private static let workers: UInt64 = isAwaited - 1

  /// What there is to do; written only while `isTaken` is held and nobody is at work.
  private struct Job {
    var count = 0
    /// Threads beside the caller.
    var limit: UInt64 = 0
    var body: (@Sendable (Int) -> Void)?
  }

  // SAFETY: written by the holder of `isTaken` before it opens `state`, read by those who joined
  // through `state`; the holder changes it again after the last of them has left.
  private nonisolated(unsafe) var job = Job()
  private let isTaken = Atomic(false)
  private let state = Atomic<UInt64>(0)
  private let next = Atomic(0)
  private let sleepers = Atomic(0)
  private let size = Atomic(0)
  private let wakeUp = DispatchSemaphore(value: 0)
  private let done = DispatchSemaphore(value: 0)

  private init() {}

  /// Calls `body` once for every index below `count`, on at most ``BLAS/threadCount`` threads.
  ///
  /// What an index does must not depend on the number of threads. A call within a call, or beside one
  /// of another thread, runs on the calling thread alone.
  package func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    let helpers = min(BLAS.threadCount - 1, count - 1, Self.maximumSize)
    guard helpers > 0,
      isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    else {
      for index in 0..<count { body(index) }
      return
    }
    hire(helpers)
    withoutActuallyEscaping(body) { body in
      unsafe job = Job(count: count, limit: UInt64(helpers), body: body)
      next.store(0, ordering: .relaxed)
      state.store(Self.isOpen, ordering: .sequentiallyConsistent)
      wake(helpers)
      work()
      awaitTheOthers()
      unsafe job.body = nil
    }
    isTaken.store(false, ordering: .releasing)
  }

  /// Takes one index after the other until none is left, and then closes the job.
  private func work() {
    let (count, body) = unsafe (job.count, job.body)
    guard let body else { return }
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { break }
      body(index)
    }
    state.bitwiseAnd(~Self.isOpen, ordering: .acquiringAndReleasing)
  }

  private func awaitTheOthers() {
    let start = Self.now()
    while state.load(ordering: .acquiring) & Self.workers > 0 {
      guard Self.now() - start > Self.patience else {
        bstk_pause()
        continue
      }
      let last = state.bitwiseOr(Self.isAwaited, ordering: .acquiringAndReleasing).newValue
      if last & Self.workers > 0 { done.wait() }
      break
    }
    state.store(0, ordering: .relaxed)
  }

  private func leave() {
    let now = state.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
    if now == Self.isAwaited { done.signal() }
  }

  private func join() -> Bool {
    let seen = state.load(ordering: .relaxed)
    guard seen & Self.isOpen > 0 else { return false }
    // Another's job may have begun meanwhile, and its number of threads is known only after joining.
    guard
      state.compareExchange(expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
        .exchanged
    else { return false }
    if unsafe seen & Self.workers < job.limit { return true }
    leave()
    return false
  }

  /// Sees to it that there are `count` threads; called by the holder of `isTaken` only.
  private func hire(_ count: Int) {
    while size.load(ordering: .relaxed) < count {
      let number = size.wrappingAdd(1, ordering: .relaxed).newValue
      // A queue of its own, so that it never holds up what others have given to Dispatch.
      DispatchQueue(label: "bstk.crew.\(number)").async { self.serve() }
    }
  }

  private func serve() -> Never {
    while true {
      if lookOut() {
        work()
        leave()
      } else {
        sleep()
      }
    }
  }

  /// Joins the next job; false when none came during ``patience``.
  private func lookOut() -> Bool {
    let start = Self.now()
    while Self.now() - start < Self.patience {
      if join() { return true }
      for _ in 0..<8 { bstk_pause() }
    }
    return false
  }

  private func sleep() {
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    // A job that was opened just before might not have seen this sleeper.
    if state.load(ordering: .sequentiallyConsistent) & Self.isOpen > 0, releaseSleeper() { return }
    wakeUp.wait()
  }

  private func wake(_ count: Int) {
    for _ in 0..<count {
      guard releaseSleeper() else { return }
      wakeUp.signal()
    }
  }

  /// Counts one sleeper less; false where there is none.
  private func releaseSleeper() -> Bool {
    var count = sleepers.load(ordering: .sequentiallyConsistent)
    while count > 0 {
      let (exchanged, original) = sleepers.weakCompareExchange(
        expected: count, desired: count - 1, ordering: .sequentiallyConsistent)
      if exchanged { return true }
      count = original
    }
    return false
  }

  private static func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }
}
