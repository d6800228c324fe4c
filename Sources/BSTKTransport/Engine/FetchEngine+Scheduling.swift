import BSTKFormat
import BSTKStore

extension FetchEngine {
  /// Starts as many requests as are useful now.
  func schedule() {
    guard fatal == nil, openedAnswer == nil else { return }
    if sources.allSatisfy({ $0.fault != nil }) {
      fatal = sources.compactMap(\.fault).first
      return
    }
    if manifest == nil {
      scheduleOpening()
      return
    }
    guard watermark < wantedPieceCount || (files != nil && mustCheck) else { return }
    settle()
    scheduleChecks()
    if sources.contains(where: { isUsable($0) && !$0.knowsNoRanges }) {
      scheduleSpans()
    } else if !sources.contains(where: mayServeRanges) {
      scheduleStream()
    }
  }

  /// A source that is waited for because it knows ranges, or may prove to; not one that is silent.
  private func mayServeRanges(_ source: Source) -> Bool {
    source.fault == nil && !source.knowsNoRanges && !isOutdone(source)
      && (source.hasJoined || source.attempts.count == 0 && !source.differs)
      && source.notBefore - clock.now < tuning.rangesPatienceSeconds
  }

  /// Requests that bring bytes of the file; comparisons of headers go beside them.
  var spanCount: Int { transfers.values.count { $0.purpose != .check } }

  /// Whether a header must still be compared before the fetch may end: a file that was here already
  /// says nothing about what the server has now, unless the user pinned it.
  var mustCheck: Bool { pinnedRoot == nil && !sources.contains(where: \.hasJoined) }

  private func scheduleOpening() {
    // While the first must be waited for, the next is asked.
    guard transfers.isEmpty,
      let source = sources.first(where: { $0.fault == nil && $0.notBefore <= clock.now })
    else { return }
    if source.number != openingSource || source.knowsNoRanges {
      // Bytes of two servers are never put together before they are known to be one file, and one
      // without ranges begins again.
      manifestBytes = []
      openingSource = source.number
    }
    var end = openingEnd
    if manifestBytes.count >= Limits.headerByteCount {
      do throws(BSTKError) { end = max(end, try openingByteCount()) } catch { fatal = error }
    }
    start(.open, source, manifestBytes.count..<max(end, manifestBytes.count + 1))
  }

  private func scheduleChecks() {
    for source in sources where source.fault == nil && source.notBefore <= clock.now {
      guard !source.hasJoined && !source.agrees || source.isSuspected, source.activeCount == 0,
        !source.differs || !mustCheck || isFirstToDecide(source)
      else { continue }
      start(.check, source, 0..<Limits.headerByteCount)
    }
  }

  /// Whether no earlier source may still say which file it is.
  func isFirstToDecide(_ source: Source) -> Bool {
    sources.prefix(source.number).allSatisfy { $0.fault != nil }
  }

  private func isUsable(_ source: Source) -> Bool {
    source.fault == nil && source.hasJoined && !source.isSuspected && !isOutdone(source)
      && source.notBefore <= clock.now && (source.isSettled || source.activeCount == 0)
  }

  // MARK: Spans

  private func scheduleSpans() {
    while spanCount < governor.limit, fatal == nil {
      let candidates = sources.filter { isUsable($0) && !$0.knowsNoRanges }
        .sorted {
          ($0.shunOrder(at: clock.now), $0.activeCount) < (
            $1.shunOrder(at: clock.now), $1.activeCount
          )
        }
      if candidates.isEmpty { return }
      if let share = shareOfEarliest() {
        start(share, on: candidates)
      } else if let (source, span) = nextSpan(among: candidates) {
        start(.data, source, span.range, after: span.trouble)
      } else if let share = shareOfSlowest() {
        start(share, on: candidates)
      } else {
        return
      }
    }
  }

  /// Part of another request's span, on the source with the least to do that did not fail it.
  private func start(_ share: Trouble, on candidates: [Source]) {
    guard
      let source = candidates.first(where: { !share.avoided.contains($0.number) })
        ?? candidates.first
    else { return }
    start(.data, source, share.range, after: share)
  }

  /// Work for the source with the least to do for which there is any.
  private func nextSpan(
    among candidates: [Source]
  ) -> (source: Source, span: (range: Range<Int>, trouble: Trouble?))? {
    for source in candidates {
      if let span = nextSpan(for: source, among: candidates) { return (source, span) }
    }
    return nil
  }

  /// The first bytes in file order that nobody has or fetches, as far as one request should go.
  private func nextSpan(
    for source: Source, among candidates: [Source]
  ) -> (range: Range<Int>, trouble: Trouble?)? {
    var position = 0
    let end = min(limit, windowEnd)
    while position < end, let gap = claimed.firstGap(in: position..<limit), gap.lowerBound < end {
      guard let index = troubles.firstIndex(where: { $0.range.contains(gap.lowerBound) }) else {
        let next = troubles.map(\.range.lowerBound).filter { $0 > gap.lowerBound }.min() ?? limit
        let room = gap.lowerBound..<min(gap.upperBound, next, allowanceEnd)
        return (room.lowerBound..<spanEnd(in: room), nil)
      }
      let trouble = troubles[index]
      // The pause is for the source that failed.
      let isPausing = trouble.notBefore > clock.now && trouble.avoided.contains(source.number)
      if isPausing || mustLeave(trouble, to: candidates, source) {
        position = trouble.range.upperBound
        continue
      }
      troubles.remove(at: index)
      let upper = min(gap.upperBound, trouble.range.upperBound, allowanceEnd)
      return (gap.lowerBound..<upper, trouble)
    }
    return nil
  }

  /// Up to where requests may begin: some way behind the request that brings the first missing byte.
  private var windowEnd: Int {
    let start = received.runEnd(at: 0)
    let head = transfers.values.first { ($0.buffer?.offset ?? $0.position) == start }?.end ?? start
    let ahead = max(tuning.minimumWindowByteCount, 2 * governor.limit * spanByteCount)
    return min(max(head, start) + ahead, allowanceEnd)
  }

  /// How far a consumer lets us go; the chunk that it waits for must become whole, however large.
  var allowanceEnd: Int {
    guard let allowance, let map = files?.map else { return limit }
    let index = min(map.piece(endingAfter: allowance), map.pieces.count - 1)
    return map.end(ofPieces: index + 1)
  }

  /// The bytes one request should bring, by the rate of one connection.
  private var spanByteCount: Int {
    guard governor.rate > 0 else { return tuning.initialSpanByteCount }
    let count = Double(max(1, governor.limit))
    let perConnection = governor.rate / count
    if governor.isOnTrial {
      // What is only tried must not commit us for long.
      return min(Int(perConnection * tuning.spanSeconds), tuning.initialSpanByteCount)
    }
    let seconds = max(tuning.spanSeconds, tuning.aloneSpanSeconds / count)
    let wanted = Int(min(perConnection * seconds, 1e12))
    if governor.limit <= 2 { return max(wanted, tuning.initialSpanByteCount) }
    return min(max(wanted, 2 * tuning.minimumSpanByteCount), tuning.maximumSpanByteCount)
  }

  /// Where a span that begins with `room` ends: on a chunk's end when one is near, and smaller
  /// towards the end of the file, so that all connections finish together.
  func spanEnd(in room: Range<Int>) -> Int {
    if request.options.maximumConnectionCount == 1 { return room.upperBound }
    let share = max(limit - room.lowerBound, 0) / max(1, governor.limit)
    let wanted = max(tuning.minimumSpanByteCount, min(spanByteCount, share))
    guard room.count > wanted + wanted / 4, let map = files?.map else { return room.upperBound }
    let latest = room.lowerBound + wanted + wanted / 4
    let index = map.piece(endingAfter: latest)
    let aligned = map.end(ofPieces: index)
    return aligned >= room.lowerBound + wanted / 2 ? aligned : room.lowerBound + wanted
  }

  // MARK: Streams

  /// Reads the file from its start over one connection: all that a server without ranges offers.
  private func scheduleStream() {
    let usable = sources.filter(isUsable)
    // Where each must leave something to another, only those count that may still come.
    let willing =
      usable.first { source in !troubles.contains { mustLeave($0, to: usable, source) } }
      ?? usable.first { source in !troubles.contains { mustLeave($0, to: [source], source) } }
    guard let source = willing, spanCount == 0, received.firstGap(in: 0..<limit) != nil,
      troubles.allSatisfy({ $0.notBefore <= clock.now || !$0.avoided.contains(source.number) })
    else { return }
    let trouble = troubles.max { $0.attempts.count < $1.attempts.count }
    troubles = []
    if received.runEnd(at: 0) > (files?.map.manifestEnd ?? 0), !source.hasToldRereading {
      source.hasToldRereading = true
      onEvent(
        .warning(
          "\(source.origin.publicText) knows no ranges; what is already here is read again"))
    }
    start(.stream, source, 0..<limit, after: trouble)
  }
}
