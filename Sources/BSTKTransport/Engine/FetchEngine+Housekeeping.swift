import BSTKFormat
import BSTKStore

extension FetchEngine {
  /// What is done a few times a second: rates, stalls, progress.
  func housekeep() {
    let now = clock.now
    measure()
    guard now - lastHousekeeping >= tuning.progressSeconds else { return }
    lastHousekeeping = now
    for transfer in transfers.values {
      transfer.look(now: now, span: max(tuning.measurementSeconds, 4 * roundTrip))
      if now - transfer.lastByte > tuning.stallSeconds, !isHeldBack {
        transfer.failure = TransferFailure(
          .transport, .stalled,
          "\(transfer.source.origin.publicText) sent nothing for \(Int(tuning.stallSeconds)) s")
      }
      // On a slow link a buffer takes long to fill; what is in it should not wait that long.
      let patience = kept == nil ? tuning.submissionSeconds : tuning.consumerSubmissionSeconds
      if now - transfer.lastSubmission > patience { submit(transfer) }
    }
    store?.keepUp()
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
    guard clock.now - lastUpkeep >= tuning.progressSeconds else { return true }
    lastUpkeep = clock.now
    takeMessages()
    measure()
    reportProgress()
    return !isCancelled && fatal == nil
  }

  /// Takes the total rate.
  private func measure() {
    // At a rate limit more connections could bring no more.
    let isLimited = rateLimiter?.isReached(by: governor.rate) ?? false
    governor.observe(
      byteCount: bodyByteCount, missingByteCount: missingByteCount,
      busyCount: isLimited ? 0 : busyCount, roundTrip: roundTrip, now: clock.now)
  }

  /// Whether we wait for a consumer rather than for a server.
  private var isHeldBack: Bool {
    transfers.values.allSatisfy(\.isPaused) && isConsumerServed
  }

  /// Whether everything is here that a consumer wants for now.
  var isConsumerServed: Bool {
    allowance != nil && received.runEnd(at: 0) >= min(allowanceEnd, limit)
  }

  private var missingByteCount: Int { received.gaps(in: 0..<limit).reduce(0) { $0 + $1.count } }

  func reportProgress() {
    guard let manifest, isAnnounced else { return }
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
