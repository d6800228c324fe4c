internal import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Where text goes: data to standard output, talk to standard error.
enum Console {
  /// One of the two streams.
  enum Stream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Whether a person is looking.
    var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Whether colour may be used: on a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    var usesColor: Bool {
      redrawsLines && Console.environment("NO_COLOR")?.isEmpty ?? true
    }

    /// Whether a line may be drawn over.
    var redrawsLines: Bool { isTerminal && Console.environment("TERM") != "dumb" }

    /// Columns of the terminal; 80 where that is not known.
    var width: Int {
      var size = winsize()
      // SAFETY: the request writes one `winsize`, and `size` is one that outlives the call.
      let code = unsafe ioctl(rawValue, UInt(TIOCGWINSZ), &size)
      return code == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
  }

  /// Makes writing safe; to be called once at start. A closed pipe and a file beyond the system's
  /// limit fail the write instead of killing the process. A standard stream that is not open at all
  /// leads nowhere, so that no file opened later takes its number and then our talk.
  static func prepare() {
    _ = signal(SIGPIPE, SIG_IGN)
    _ = signal(SIGXFSZ, SIG_IGN)
    for number in Int32(0)...2 where fcntl(number, F_GETFD) == -1 {
      // SAFETY: the path is a valid C string. The lowest free number is the one that is missing.
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }

  /// Whether the process goes on when the reader of a stream has gone away, because its result is
  /// a file and not what it prints.
  static let outlivesReaders = Atomic(false)

  private static let outputErrorNumber = Atomic<Int32>(0)

  /// Why something that was to be printed on standard output is lost, other than that its reader
  /// has gone away.
  static var outputError: String? {
    let number = outputErrorNumber.load(ordering: .relaxed)
    // SAFETY: strerror returns a C string, which is copied at once.
    return number == 0 ? nil : unsafe String(cString: strerror(number))
  }

  /// Prints data and a line end on standard output; false when that cannot be written.
  @discardableResult
  static func out(_ text: String = "") -> Bool { write(text + "\n", to: .output) }

  /// Prints talk and a line end on standard error.
  static func say(_ text: String = "") { write(text + "\n", to: .error) }

  /// Writes text as it is; false when not all of it could be written.
  ///
  /// A reader that has gone away, such as `head`, has seen all it wanted: the process ends quietly,
  /// unless it ``outlivesReaders``.
  @discardableResult
  static func write(_ text: String, to stream: Stream) -> Bool {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      // SAFETY: the pointer is used within the closure only, with its true count.
      let count = unsafe bytes[written...].withUnsafeBytes { buffer in
        unsafe systemWrite(stream.rawValue, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EPIPE, !outlivesReaders.load(ordering: .relaxed) {
        exit(stream == .output ? 0 : 2)
      }
      if count < 0, errno == EAGAIN {
        // Somebody else who has the same terminal or pipe open asked not to wait for it.
        var descriptor = pollfd(fd: stream.rawValue, events: Int16(POLLOUT), revents: 0)
        // SAFETY: one descriptor, which outlives the call.
        _ = unsafe poll(&descriptor, 1, -1)
        continue
      }
      guard count > 0 else {
        if stream == .output, errno != EPIPE {
          outputErrorNumber.store(errno, ordering: .relaxed)
        }
        return false
      }
      written += count
    }
    return true
  }

  /// The value of an environment variable.
  static func environment(_ name: String) -> String? {
    // SAFETY: the text is copied at once, and nothing here changes the environment.
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}

/// `write(2)` under a name that the method does not hide.
private let systemWrite = unsafe write(_:_:_:)
