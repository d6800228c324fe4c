#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A thread that can be waited for until it has truly ended.
///
/// SAFETY: `@unchecked` because Darwin's `pthread_t` is a pointer; it is written once and only handed
/// to `pthread_join`.
final class JoinableThread: @unchecked Sendable {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private let thread: pthread_t

  /// Starts `body` on a new thread on which a vanished peer raises no signal.
  init(_ body: @escaping @Sendable () -> Void) throws(ServerError) {
    // SAFETY: the retained body is taken over by the new thread exactly once, or released here when
    // there is no thread.
    let context = unsafe Unmanaged.passRetained(Body(body))
    #if canImport(Darwin)
      var created: pthread_t?
    #else
      var created = pthread_t()
    #endif
    // SAFETY: `created` outlives the call; the context is as said above.
    let code = unsafe pthread_create(
      &created, nil,
      { context in
        JoinableThread.blockBrokenPipe()
        #if canImport(Darwin)
          let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
        #else
          guard let context = unsafe context else { return nil }
          let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
        #endif
        body.run()
        return nil
      }, context.toOpaque())
    #if canImport(Darwin)
      guard code == 0, let created else {
        unsafe context.release()
        throw ServerError(operation: "start a thread", errno: code)
      }
    #else
      guard code == 0 else {
        unsafe context.release()
        throw ServerError(operation: "start a thread", errno: code)
      }
    #endif
    thread = created
  }

  /// Waits until the thread has ended. To be called once.
  func join() {
    _ = pthread_join(thread, nil)
  }

  /// Lets writes to a closed connection fail instead of ending the process; only for this thread,
  /// since a library must not change what signals do in the whole process.
  private static func blockBrokenPipe() {
    var signals = sigset_t()
    // SAFETY: `signals` is a local that outlives the three calls.
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
  }
}
