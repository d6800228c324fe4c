#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif
import Synchronization

/// A running server: one thread that accepts, and one for each connection.
final class ServerCore: Sendable {
  let files: ServedFolder
  let limits: ServerLimits
  let listsDirectories: Bool
  let log: RangeServer.Log

  private struct State {
    var isStopping = false
    var accepting: JoinableThread?
    /// Threads not yet joined, and the sockets of those still at work.
    var threads: [UInt64: JoinableThread] = [:]
    var sockets: [UInt64: Int32] = [:]
    var finished: [UInt64] = []
    var nextID: UInt64 = 0
  }

  private let listener: Listener
  private let pipe: WakePipe
  private let state = Mutex(State())

  var port: UInt16 { listener.port }

  /// Whether ``stop()`` has begun.
  var isStopping: Bool { state.withLock { $0.isStopping } }

  init(
    files: consuming ServedFolder, listener: consuming Listener, limits: ServerLimits,
    listsDirectories: Bool, log: @escaping RangeServer.Log
  ) throws(ServerError) {
    pipe = try WakePipe()
    self.files = files
    self.listener = listener
    self.limits = limits
    self.listsDirectories = listsDirectories
    self.log = log
  }

  /// Starts the accepting thread.
  func run() throws(ServerError) {
    let thread = try JoinableThread { self.acceptConnections() }
    state.withLock { $0.accepting = thread }
  }

  /// Cuts every connection and waits for every thread.
  func stop() {
    let accepting = state.withLock { state in
      state.isStopping = true
      for socket in state.sockets.values { shutdown(socket, Int32(SHUT_RDWR)) }
      return state.accepting.take()
    }
    pipe.wake()
    accepting?.join()
    // Nothing is accepted any more, so no thread is added.
    let rest = state.withLock { state in
      defer { state.threads = [:] }
      return state.threads.values.map { $0 }
    }
    for thread in rest { thread.join() }
  }

  // MARK: The accepting thread

  private func acceptConnections() {
    while let isFull = reap() {
      let waiting = [pipe.waitable] + (isFull ? [] : [listener.descriptor.raw])
      let ready = SystemCall.waitReadable(waiting, milliseconds: -1)
      if ready[0] { pipe.drain() }
      guard ready.count == 2, ready[1] else { continue }
      switch listener.accept(sendMilliseconds: limits.sendMilliseconds) {
      case .socket(let socket): serve(socket)
      case .nobody: break
      // A connection that ends frees a descriptor, and wakes this thread.
      case .exhausted: _ = SystemCall.waitReadable([pipe.waitable], milliseconds: 100)
      }
    }
  }

  /// Joins the threads that have ended.
  ///
  /// - Returns: whether no further connection may be taken now; nothing when stopping.
  private func reap() -> Bool? {
    let (ended, answer) = state.withLock { state -> ([JoinableThread], Bool?) in
      let ended = state.finished.compactMap { state.threads.removeValue(forKey: $0) }
      state.finished = []
      let isFull = state.threads.count >= limits.connections
      return (ended, state.isStopping ? nil : isFull)
    }
    for thread in ended { thread.join() }
    return answer
  }

  private func serve(_ socket: Int32) {
    let isServed = state.withLock { state in
      guard !state.isStopping else { return false }
      let id = state.nextID
      // The new thread cannot end before it is entered here: to end it needs this lock.
      guard
        let thread = try? JoinableThread({
          Connection(socket: socket, core: self).run()
          self.end(id)
        })
      else { return false }
      state.nextID += 1
      state.threads[id] = thread
      state.sockets[id] = socket
      return true
    }
    if !isServed { close(socket) }
  }

  /// Closes a connection's socket, under the lock so that ``stop()`` never cuts a reused number.
  private func end(_ id: UInt64) {
    state.withLock { state in
      if let socket = state.sockets.removeValue(forKey: id) { close(socket) }
      state.finished.append(id)
    }
    pipe.wake()
  }
}
