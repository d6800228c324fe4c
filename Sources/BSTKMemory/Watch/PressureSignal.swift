#if canImport(Darwin)
  internal import Darwin
  internal import Dispatch
  internal import Synchronization

  /// The system's word that memory has become short.
  struct PressureSignal: ~Copyable {
    /// Set from the source's queue.
    private final class Flag: Sendable {
      let isSet = Atomic(false)
    }

    /// Whether the system also counts how long somebody has waited.
    static let isCounted = false

    private let flag: Flag
    private let source: any DispatchSourceMemoryPressure

    init(_ paths: [String]) {
      let flag = Flag()
      self.flag = flag
      source = DispatchSource.makeMemoryPressureSource(
        eventMask: [.warning, .critical], queue: DispatchQueue(label: "bstk.memory"))
      source.setEventHandler { flag.isSet.store(true, ordering: .relaxed) }
      source.resume()
    }

    deinit { source.cancel() }

    var descriptors: [Int32] { [] }

    /// Whether it came since the last time.
    func take() -> Bool { flag.isSet.exchange(false, ordering: .relaxed) }
  }
#else
  #if canImport(Musl)
    internal import Musl
  #else
    internal import Glibc
  #endif

  /// The kernel's word that somebody has waited for memory: triggers on pressure stall information
  /// (Documentation/accounting/psi.rst), as far as the kernel grants them.
  struct PressureSignal: ~Copyable {
    /// More than a tenth of two seconds; other lengths of the window are for privileged processes.
    private static let trigger = "some 200000 2000000"

    /// Whether the system also counts how long somebody has waited.
    static let isCounted = true

    let descriptors: [Int32]

    init(_ paths: [String]) {
      descriptors = paths.compactMap { path in
        // SAFETY: the path is a valid C string during the call.
        let descriptor = unsafe open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let text = Array(Self.trigger.utf8CString)
        // SAFETY: the array outlives the call, and its true count is passed.
        guard unsafe write(descriptor, text, text.count) == text.count else {
          _ = close(descriptor)
          return nil
        }
        return descriptor
      }
    }

    deinit {
      for descriptor in descriptors { _ = close(descriptor) }
    }

    /// Whether it came since the last time.
    func take() -> Bool {
      guard !descriptors.isEmpty else { return false }
      var states = descriptors.map { pollfd(fd: $0, events: Int16(POLLPRI), revents: 0) }
      // SAFETY: the array outlives the call, and its true count is passed.
      guard unsafe poll(&states, nfds_t(states.count), 0) > 0 else { return false }
      // A group that has gone answers with an error from then on.
      return states.contains {
        $0.revents & Int16(POLLPRI) != 0 && $0.revents & Int16(POLLERR) == 0
      }
    }
  }
#endif
