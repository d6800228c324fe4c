internal import Dispatch
internal import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Ctrl-C and a polite request to end.
enum Interruption {
  private static let numbers = [SIGINT, SIGTERM]

  /// Calls `handler` with the signal's number on a queue of its own at each SIGINT and SIGTERM,
  /// which no longer end the process. Listening stops when the returned token is released.
  static func listen(_ handler: @escaping @Sendable (Int32) -> Void) -> Token {
    let queue = DispatchQueue(label: "bstk.signals")
    let sources = numbers.map { number in
      // An ignored signal still reaches the source.
      _ = signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { handler(number) }
      source.resume()
      return source
    }
    return Token(sources: sources)
  }

  /// Keeps the listening alive.
  ///
  /// SAFETY: `@unchecked` because Dispatch does not say that its sources may be shared; they are
  /// written once and only cancelled, which Dispatch allows from any thread.
  final class Token: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]
    fileprivate init(sources: [any DispatchSourceSignal]) { self.sources = sources }
    deinit {
      for source in sources { source.cancel() }
      for number in numbers { _ = signal(number, SIG_DFL) }
    }
  }

  /// Ends the process as an unhandled Ctrl-C does, or another signal.
  static func endProcess(by number: Int32 = SIGINT) {
    _ = signal(number, SIG_DFL)
    raise(number)
  }

  /// Waits for the first signal.
  static func wait() async {
    let (signals, continuation) = AsyncStream.makeStream(of: Void.self)
    let token = listen { _ in continuation.yield() }
    for await _ in signals { break }
    withExtendedLifetime(token) {}
  }
}
