import BSTKFormat
import BSTKStore

/// Taking over part of what a running request was to bring. HTTP/1.1 cannot shorten a request: its
/// connection is broken off where the share begins, and what is under way on it is lost.
extension FetchEngine {
  /// What a running request still has to do.
  private struct Rest {
    let transfer: Transfer
    let byteCount: Int
    /// Bytes a second.
    let rate: Double
    var seconds: Double { rate > 0 ? Double(byteCount) / rate : .infinity }
  }

  /// Part of the first unfinished span in file order that will take too long. A new connection
  /// serves best where the file becomes usable, not behind.
  func shareOfEarliest() -> Trouble? {
    for rest in unfinished.sorted(by: { $0.transfer.position < $1.transfer.position }) {
      // What has arrived behind a span is worth nothing until the span is there.
      let byteCountBehind = received.byteCount(from: rest.transfer.end)
      let isAwaited = byteCountBehind > 2 * rest.byteCount
      guard rest.seconds > (isAwaited ? patience : tuning.splitSeconds) else { continue }
      if let share = share(of: rest) { return share }
    }
    return nil
  }

  /// Part of the span that would last longest, for a connection that has nothing else to do.
  func shareOfSlowest() -> Trouble? {
    guard let slowest = unfinished.max(by: { $0.seconds < $1.seconds }), slowest.seconds > patience
    else { return nil }
    return share(of: slowest)
  }

  private var patience: Double {
    max(tuning.patienceSeconds, tuning.patienceRoundTrips * roundTrip)
  }

  /// The spans that may be shared: those whose rate is known and that lose little by it.
  private var unfinished: [Rest] {
    let now = clock.now
    let mayLose = lostByteCount <= tuning.lossByteCount + received.byteCount / tuning.lossShare
    let affordable = max(tuning.affordableLossByteCount, limit / tuning.lossShare)
    let maturity = max(tuning.maturitySeconds, tuning.maturityRoundTrips * roundTrip)
    return transfers.values.compactMap { transfer in
      guard transfer.purpose == .data, !transfer.isRepair, transfer.end > transfer.position,
        now - transfer.start > maturity
      else { return nil }
      let byteCount = transfer.end - transfer.position
      // (A server that thinks for long must not be interrupted again and again.)
      let doubled = Double(1 << min(transfer.attempts.count, 6))
      if now - transfer.lastByte > tuning.takeoverSeconds * doubled {
        return Rest(transfer: transfer, byteCount: byteCount, rate: 0)
      }
      // A moment without a byte is a lost packet, not the end of a connection.
      let rate = max(transfer.rate, 1000)
      guard transfer.receivedByteCount > 0, mayLose,
        rate * roundTrip <= Double(affordable)
      else { return nil }
      return Rest(transfer: transfer, byteCount: byteCount, rate: rate)
    }
  }

  /// Leaves a request what it can bring in the time that another connection takes for the rest, but
  /// no more than a span and to the other no more than a span: what lies behind is free again.
  private func share(of rest: Rest) -> Trouble? {
    let transfer = rest.transfer
    // A connection that stands still has failed as if it had broken.
    var attempts = transfer.hasProgressed ? Attempts() : transfer.attempts
    attempts.add(.transport)
    let average = max(governor.rate / Double(max(1, governor.limit)), 1)
    let fair = Double(rest.byteCount) * rest.rate / (rest.rate + average)
    // Connections on trial are there within the time that is waited for anyway.
    let seconds = governor.isOnTrial ? patience : tuning.spanSeconds
    let kept = Int(min(fair, rest.rate * seconds))
    guard rest.byteCount - kept >= min(rest.byteCount, tuning.minimumSpanByteCount / 8) else {
      return nil
    }
    let isTakenOver = kept == 0
    // The last attempt is left to end by itself.
    if isTakenOver, attempts.count >= tuning.attemptLimit { return nil }
    let start = transfer.position + kept
    let end = transfer.end
    transfer.end = start
    if isTakenOver {
      transfer.failure = TransferFailure(.transport, .stalled, "a connection stands still")
    }
    release(start..<end)
    return Trouble(
      range: start..<spanEnd(in: start..<end), attempts: isTakenOver ? attempts : Attempts(),
      notBefore: clock.now,
      avoided: isTakenOver ? transfer.avoided.union([transfer.source.number]) : [],
      failedOn: isTakenOver ? transfer.source.number : nil, isRepair: false, isFresh: false)
  }
}
