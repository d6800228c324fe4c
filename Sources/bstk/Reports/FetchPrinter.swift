internal import BSTKFormat
internal import BSTKTransport
internal import BSTKStore

/// Prints the events of a fetch: a progress bar and a summary, or JSON.
final class FetchPrinter: Sendable {
  /// How to print.
  enum Style: Sendable {
    case text, json, quiet
  }

  private struct State {
    var bar: ProgressBar?
    var blockCount = 0
    var quality: QualityTable?
    var lastProgress: ContinuousClock.Instant?
  }

  private let output: String
  private let style: Style
  private let state = Lock(State())

  init(output: String, style: Style) {
    self.output = output
    self.style = style
  }

  /// Prints an event. Called from the fetch's thread.
  func take(_ event: FetchEvent) {
    if case .opened(let opening) = event {
      state.withLock {
        $0.blockCount = opening.manifest.blockCount
        $0.quality = opening.manifest.extensions.quality
      }
    }
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
        output, total: opening.cut.fileByteCount, start: opening.presentByteCount, mode: .always)
      state.withLock { $0.bar = bar }
    case .progress(let progress):
      state.withLock { $0.bar }?.update(
        completed: progress.storedByteCount,
        suffix: worth(
          blockCount: progress.verifiedBlockCount, chunkCount: progress.verifiedChunkCount))
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
    Console.out(
      "\(output): \(ByteFormat.both(summary.fileByteCount)), "
        + worth(blockCount: summary.blockCount, chunkCount: summary.chunkCount))
    Console.out(
      "moved \(ByteFormat.decimal(summary.payloadByteCount)), wasted "
        + "\(ByteFormat.decimal(summary.wastedByteCount)), headers "
        + "\(ByteFormat.decimal(summary.headerByteCount)); \(summary.requestCount) requests on "
        + "\(summary.connectionCount) connections")
  }

  /// How much of the model a prefix is, and what that was measured to be worth.
  private func worth(blockCount: Int, chunkCount: Int) -> String {
    let (total, quality) = state.withLock { ($0.blockCount, $0.quality) }
    let blocks = "\(blockCount) of \(total) blocks"
    return blocks + (quality?.text(atChunkCount: chunkCount).map { ", \($0)" } ?? "")
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
    try? JSONLines.print(
      FetchEventReport(event, output: output, quality: state.withLock { $0.quality }))
  }
}
