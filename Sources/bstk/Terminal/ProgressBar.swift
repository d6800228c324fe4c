internal import Dispatch
internal import Synchronization

/// How far a long operation has come, on standard error.
///
/// On a terminal one line is redrawn at most ten times a second; elsewhere nothing is printed, or a
/// line now and then. May be updated from any thread.
///
///     let bar = ProgressBar("model.bstk", total: 900_000_000, start: resumedFrom)
///     bar.update(completed: 450_000_000, details: ["120 of 240 blocks"])
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
    var completed: UInt64
    var lastGrowth: Double
    var details: [String] = []
    var detailWidths: [Int]
    /// The first sample waits: a rate over no time is none.
    var lastSample: Double
    var lastLine: Double
    /// What the last printed line told; nil before the first.
    var printed: UInt64?
    var isDrawn = false
  }

  private let label: String
  private let total: UInt64?
  private let isShown: Bool
  private let isRedrawn = Console.Stream.error.redrawsLines
  private let unit: ProgressLine.Unit
  private let state: Mutex<State>
  /// Seconds between two lines where none is redrawn.
  private static let interval = 5.0

  /// Starts a bar for `total` bytes or steps, of which `start` were already there and count for no
  /// rate.
  ///
  /// - Parameter detailWidths: The columns that each detail will take at most, where that is known.
  init(
    _ label: String, total: UInt64?, start: UInt64 = 0, unit: ProgressLine.Unit = .bytes,
    detailWidths: [Int] = [], mode: Mode = .automatic
  ) {
    self.unit = unit
    self.label = label.printable
    self.total = total
    isShown = mode == .always || mode == .automatic && isRedrawn
    let now = Self.now()
    state = Mutex(
      State(
        completed: start, lastGrowth: now, detailWidths: detailWidths, lastSample: now,
        lastLine: now))
    state.withLock { $0.meter.add(completed: start, at: now) }
  }

  /// Takes note of the bytes done so far; `details` are shown at the end of the line.
  func update(completed: UInt64, details: [String] = []) {
    guard isShown else { return }
    let now = Self.now()
    state.withLock { state in
      if completed != state.completed { state.lastGrowth = now }
      state.completed = completed
      state.details = details
      for (index, detail) in details.enumerated() {
        if index == state.detailWidths.count { state.detailWidths.append(0) }
        state.detailWidths[index] = max(state.detailWidths[index], detail.displayWidth)
      }
      if now - state.lastSample < 0.1 { return }
      state.meter.add(completed: completed, at: now)
      state.lastSample = now
      if isRedrawn {
        Self.draw(line(state, now).text(width: Self.width), &state)
      } else if now - state.lastLine >= Self.interval {
        state.lastLine = now
        say(&state, now)
      }
    }
  }

  /// Draws what there is to say before there is anything to measure.
  func announce(_ text: String) {
    guard isShown, isRedrawn else { return }
    state.withLock { state in
      Self.draw("\(label)  \(text.printable)".shortened(to: Self.width), &state)
    }
  }

  /// Clears the redrawn line, so that what follows starts on a clean one.
  func clear() {
    state.withLock { state in
      if state.isDrawn { Console.write("\r\u{1B}[K", to: .error) }
      state.isDrawn = false
    }
  }

  /// Clears the redrawn line; where lines were printed instead, the last one says how it ended.
  func finish() {
    clear()
    state.withLock { state in
      if let printed = state.printed, printed != state.completed { say(&state, Self.now()) }
    }
  }

  private func line(_ state: State, _ now: Double) -> ProgressLine {
    ProgressLine(
      label: label, completed: state.completed, total: total, perSecond: state.meter.perSecond,
      unit: unit, silence: now - state.lastGrowth, details: state.details,
      detailWidths: state.detailWidths)
  }

  private func say(_ state: inout State, _ now: Double) {
    state.printed = state.completed
    Console.say(line(state, now).text)
  }

  private static func draw(_ text: String, _ state: inout State) {
    Console.write("\r\(text)\u{1B}[K", to: .error)
    state.isDrawn = true
  }

  /// A line that fills the last column would wrap on some terminals.
  private static var width: Int { Console.Stream.error.width - 1 }

  private static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
}
