internal import BSTKFormat
internal import BSTKTransport
internal import Synchronization

/// Prints the events of a fetch: a progress bar and a summary, or JSON.
final class FetchPrinter: Sendable {
  /// How to print.
  enum Style: Sendable {
    case text, json, quiet
  }

  private struct State {
    var bar: ProgressBar?
    var blockCount = 0
    var lastProgress: ContinuousClock.Instant?
  }

  private let output: String
  private let style: Style
  private let state = Mutex(State())

  init(output: String, style: Style) {
    self.output = output
    self.style = style
  }

  /// Prints an event. Called from the fetch's thread.
  func take(_ event: FetchEvent) {
    switch style {
    case .quiet: break
    case .json: printJSON(event)
    case .text: printText(event)
    }
  }

  /// Clears what is redrawn.
  func finish() { state.withLock { $0.bar }?.finish() }

  private func printText(_ event: FetchEvent) {
    switch event {
    case .opened(let opening):
      let bar = ProgressBar(
        output, total: opening.cut.fileByteCount, start: opening.presentByteCount)
      state.withLock {
        $0.bar = bar
        $0.blockCount = opening.manifest.blockCount
      }
    case .progress(let progress):
      let (bar, blockCount) = state.withLock { ($0.bar, $0.blockCount) }
      bar?.update(
        completed: progress.storedByteCount,
        suffix: "\(progress.verifiedBlockCount) of \(blockCount) blocks")
    case .verified: break
    case .retry(let error, let delay):
      guard delay >= 1 else { return }
      say("\(error.message); trying again in \(ByteFormat.duration(seconds: delay))")
    case .warning(let text): say("warning: \(text)")
    case .done(let summary): printSummary(summary)
    }
  }

  private func say(_ text: String) {
    finish()
    Console.say(text)
  }

  private func printSummary(_ summary: FetchSummary) {
    finish()
    let blockCount = state.withLock { $0.blockCount }
    Console.out(
      "\(output): \(ByteFormat.both(summary.fileByteCount)), \(summary.blockCount) of "
        + "\(blockCount) blocks")
    Console.out(
      "moved \(ByteFormat.decimal(summary.payloadByteCount)), wasted "
        + "\(ByteFormat.decimal(summary.wastedByteCount)), headers "
        + "\(ByteFormat.decimal(summary.headerByteCount)); \(summary.requestCount) requests on "
        + "\(summary.connectionCount) connections")
  }

  private func printJSON(_ event: FetchEvent) {
    if case .progress = event {
      let now = ContinuousClock.now
      let isDue = state.withLock { state in
        if let last = state.lastProgress, now - last < .seconds(1) { return false }
        state.lastProgress = now
        return true
      }
      guard isDue else { return }
    }
    try? JSONLines.print(FetchEventReport(event, output: output))
  }
}
