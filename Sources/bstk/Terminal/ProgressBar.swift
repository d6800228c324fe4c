internal import Dispatch
internal import Synchronization

/// How far a long operation has come, on standard error.
///
/// On a terminal one line is redrawn at most ten times a second; elsewhere nothing is printed, or a
/// line now and then. May be updated from any thread.
///
///     let bar = ProgressBar("model.bstk", total: 900_000_000, start: resumedFrom)
///     bar.update(completed: 450_000_000, suffix: "120 of 240 blocks")
///     bar.finish()
final class ProgressBar: Sendable {
  /// When something is printed.
  enum Mode: Sendable, Equatable {
    /// A redrawn line where a terminal is, nothing elsewhere.
    case automatic
    /// A redrawn line where a terminal is, a line of its own every few seconds elsewhere.
    case always
    /// Nothing.
    case silent
  }

  private struct State {
    var meter = RateMeter()
    var lastSample: Double?
    var lastLine: Double
    var isDrawn = false
  }

  private let label: String
  private let total: UInt64?
  private let isShown: Bool
  private let isTerminal = Console.Stream.error.isTerminal
  private let unit: ProgressLine.Unit
  private let state: Mutex<State>
  /// Seconds between two lines where no terminal is.
  private static let interval = 5.0

  /// Starts a bar for `total` bytes or steps, of which `start` were already there and count for no
  /// rate.
  init(
    _ label: String, total: UInt64?, start: UInt64 = 0, unit: ProgressLine.Unit = .bytes,
    mode: Mode = .automatic
  ) {
    self.unit = unit
    self.label = label
    self.total = total
    isShown = mode == .always || mode == .automatic && isTerminal
    let now = Self.now()
    state = Mutex(State(lastLine: now))
    state.withLock { $0.meter.add(completed: start, at: now) }
  }

  /// Takes note of the bytes done so far; `suffix` is shown at the end of the line.
  func update(completed: UInt64, suffix: String = "") {
    guard isShown else { return }
    let now = Self.now()
    state.withLock { state in
      if let last = state.lastSample, now - last < 0.1 { return }
      state.meter.add(completed: completed, at: now)
      state.lastSample = now
      guard isTerminal || now - state.lastLine >= Self.interval else { return }
      state.lastLine = now
      let line = ProgressLine(
        label: label, completed: completed, total: total, perSecond: state.meter.perSecond,
        unit: unit, suffix: suffix, isDrawn: isTerminal)
      guard isTerminal else { return Console.say(line.text(width: .max)) }
      Console.write("\r\(line.text(width: Console.Stream.error.width - 1))\u{1B}[K", to: .error)
      state.isDrawn = true
    }
  }

  /// Clears the redrawn line, so that what follows starts on a clean one.
  func finish() {
    state.withLock { state in
      if state.isDrawn { Console.write("\r\u{1B}[K", to: .error) }
      state.isDrawn = false
    }
  }

  private static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
}
