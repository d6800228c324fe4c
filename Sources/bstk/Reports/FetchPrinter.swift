internal import BSTKFormat
internal import BSTKStore
internal import BSTKTransport

/// Prints the events of a fetch: a progress bar and a summary, or JSON.
final class FetchPrinter: Sendable {
  /// How to print.
  enum Style: Sendable {
    case text, json, quiet
  }

  private struct State {
    var bar: ProgressBar?
    var opening: FetchOpening?
    var lastProgress: ContinuousClock.Instant?
    /// A progress that came too soon after the last one that was printed.
    var heldBack: FetchEvent?
  }

  private let output: String
  private let host: String
  private let style: Style
  private let state = Lock(State())

  /// - Parameter host: Whom the first request goes to; empty for a local file.
  init(output: String, host: String, style: Style) {
    self.output = output
    self.host = host
    self.style = style
    guard style == .text else { return }
    state.withLock { $0.bar = ProgressBar(label, total: nil, mode: .always) }
    announce()
  }

  /// Prints an event. Called from the fetch's thread.
  func take(_ event: FetchEvent) {
    if case .opened(let opening) = event { state.withLock { $0.opening = opening } }
    switch style {
    case .quiet: break
    case .json: printJSON(event)
    case .text: printText(event)
    }
  }

  /// Ends what is redrawn.
  func finish() { state.withLock { $0.bar }?.finish() }

  // MARK: Text

  private var label: String { FileSystem.name(of: output) }

  /// Says what a person waits for while there is nothing to measure.
  private func announce() {
    let bar = state.withLock { $0.opening == nil ? $0.bar : nil }
    if !host.isEmpty { bar?.announce("connecting to \(host)") }
  }

  private func printText(_ event: FetchEvent) {
    switch event {
    case .opened(let opening):
      let chunkCounts = opening.manifest.extensions.quality?.points.map(\.chunkCount) ?? [0]
      let widest = chunkCounts.map {
        worth(blockCount: opening.manifest.blockCount, chunkCount: $0).map(\.displayWidth)
      }
      .max { ($0.last ?? 0) < ($1.last ?? 0) }
      let bar = ProgressBar(
        label, total: opening.cut.fileByteCount, start: opening.presentByteCount,
        detailWidths: widest ?? [], mode: .always)
      state.withLock { $0.bar = bar }
    case .progress(let progress):
      state.withLock { $0.bar }?.update(
        completed: progress.storedByteCount,
        details: worth(
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
    state.withLock { $0.bar }?.clear()
    Console.say(text.printable)
    announce()
  }

  private func printSummary(_ summary: FetchSummary) {
    finish()
    let worth = worth(blockCount: summary.blockCount, chunkCount: summary.chunkCount)
    Console.out(
      "\(output.printable): \(ByteFormat.both(summary.fileByteCount)), "
        + worth.joined(separator: ", "))
    if let opening = state.withLock({ $0.opening }),
      summary.fileByteCount > opening.cut.fileByteCount
    {
      printExcess(opening)
    }
    Console.out(
      "moved \(ByteFormat.decimal(summary.payloadByteCount)), wasted "
        + "\(ByteFormat.decimal(summary.wastedByteCount)), headers "
        + "\(ByteFormat.decimal(summary.headerByteCount)); "
        + "\(ByteFormat.count(summary.requestCount, "request")) on "
        + ByteFormat.count(summary.connectionCount, "connection"))
  }

  /// A fetch never makes a file shorter; who asked for less should know that, and the way.
  private func printExcess(_ opening: FetchOpening) {
    let byteCount = opening.cut.fileByteCount
    let nothing = opening.presentByteCount >= byteCount ? "nothing to fetch: " : ""
    Console.out(
      "\(nothing)the file is larger than this budget buys, \(ByteFormat.both(byteCount)); to make "
        + "it smaller: bstk trim \(output.printable.quotedForShell) --mb \(byteCount)B")
  }

  /// How much of the model a prefix is, and what that was measured to be worth.
  private func worth(blockCount: Int, chunkCount: Int) -> [String] {
    guard let manifest = state.withLock({ $0.opening })?.manifest else { return [] }
    let quality = manifest.extensions.quality?.text(atChunkCount: chunkCount)
    return ["\(blockCount) of \(manifest.blockCount) blocks"] + (quality.map { [$0] } ?? [])
  }

  // MARK: JSON

  private func printJSON(_ event: FetchEvent) {
    if case .progress = event {
      let now = ContinuousClock.now
      let isDue = state.withLock { state in
        if let last = state.lastProgress, now - last < .seconds(1) {
          state.heldBack = event
          return false
        }
        state.heldBack = nil
        state.lastProgress = now
        return true
      }
      guard isDue else { return }
    }
    if case .done = event, let last = state.withLock({ $0.heldBack }) { printLine(last) }
    printLine(event)
  }

  private func printLine(_ event: FetchEvent) {
    let opening = state.withLock { $0.opening }
    try? JSONLines.print(FetchEventReport(event, output: output, opening: opening))
  }
}
