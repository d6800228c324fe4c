#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A value that one thread at a time may touch.
///
/// Built on the lock of POSIX threads: `Synchronization.Mutex` rests on a futex on Linux, which
/// ThreadSanitizer does not know, so that it reports a race in every critical section. With this
/// one its silence means something.
@safe package final class Lock<Value>: @unchecked Sendable {
  // SAFETY: the mutex has a fixed address of its own from init to deinit, and `value` is touched
  // only between its lock and unlock.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var value: Value

  /// Makes a lock around a value.
  package init(_ value: sending Value) {
    self.value = value
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    let status = unsafe pthread_mutex_init(mutex, nil)
    precondition(status == 0, "out of memory for a lock")
  }

  deinit {
    // SAFETY: nobody can hold the lock of an object without references.
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  /// Runs `body` while no other thread does.
  package func withLock<Result: Sendable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // SAFETY: the mutex lives as long as `self`; it is not locked again by the same thread.
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
