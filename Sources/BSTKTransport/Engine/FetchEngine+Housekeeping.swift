import BSTKFormat
import BSTKStore

extension FetchEngine {
  /// What is done a few times a second: rates, stalls, progress.
  func housekeep() {
    let now = clock.now
    let spans = transfers.values.filter { $0.purpose != .check }
    let isLimited = rateLimiter?.isReached(by: governor.rate) ?? false
    governor.observe(
      byteCount: bodyByteCount, missingByteCount: missingByteCount,
      isSaturated: spans.count >= governor.limit && !isLimited, roundTrip: roundTrip, now: now)
    guard now - lastHousekeeping >= tuning.progressSeconds else { return }
    lastHousekeeping = now
    for transfer in spans {
      transfer.look(now: now, span: max(tuning.measurementSeconds, 4 * roundTrip))
      if now - transfer.lastByte > tuning.stallSeconds, !isHeldBack {
        transfer.failure = TransferFailure(
          .transport, .stalled,
          "\(transfer.source.origin.publicText) sent nothing for \(Int(tuning.stallSeconds)) s")
      }
      // On a slow link a buffer takes long to fill; what is in it should not wait that long.
      if now - transfer.lastSubmission > 1 { submit(transfer) }
    }
    finishSatisfied()
    if isHeldBack { lastProgress = now }
    if now - lastProgress > tuning.hopelessSeconds {
      fatal = BSTKError(
        .stalled, "nothing new arrived for \(Int(tuning.hopelessSeconds)) s",
        remedy: "run the same command again; it continues")
    }
    reportProgress()
  }

  /// What cannot wait for the end of a local file, which libcurl reads to its end in one call.
  /// False when it should not go on.
  func keepUp() -> Bool {
    clock.tick()
    guard clock.now - lastHousekeeping >= tuning.progressSeconds else { return true }
    lastHousekeeping = clock.now
    takeMessages()
    governor.observe(
      byteCount: bodyByteCount, missingByteCount: missingByteCount, isSaturated: false,
      roundTrip: roundTrip, now: clock.now)
    reportProgress()
    return !isCancelled && fatal == nil
  }

  /// Whether we wait for a consumer rather than for a server.
  private var isHeldBack: Bool {
    guard let allowance else { return false }
    return transfers.isEmpty && received.runEnd(at: 0) >= min(allowance, limit)
  }

  private var missingByteCount: Int { received.gaps(in: 0..<limit).reduce(0) { $0 + $1.count } }

  func reportProgress() {
    guard let manifest, files != nil else { return }
    let missing = missingByteCount
    onEvent(
      .progress(
        FetchProgress(
          storedByteCount: UInt64(limit - missing), totalByteCount: UInt64(limit),
          verifiedChunkCount: watermark,
          verifiedBlockCount: manifest.blockCount(ofChunks: watermark),
          bytesPerSecond: governor.rate, connectionCount: transfers.count)))
  }
}
