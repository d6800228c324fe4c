import BSTKFormat
import BSTKStore
import CCurl

extension FetchEngine {
  /// A response has passed the gate; its body begins.
  func accepted(_ transfer: Transfer, range: Range<Int>) {
    let source = transfer.source
    source.isSettled = true
    source.redirectCount = 0
    source.refusalCount = 0
    noteRoundTrip(of: transfer)
    let head = transfer.head
    if head.status == 206 {
      source.rangeRefusals = 0
      source.hasServedRanges = true
    }
    if source.pinnedTag == nil { source.pinnedTag = head.strongEntityTag }
    let isWhole = head.status == 200 && head.contentRange == nil
    if let total = head.contentRange?.total ?? (isWhole ? head.contentLength : nil) {
      if source.pinnedTotal == nil { source.pinnedTotal = total }
    }
    if isWhole, transfer.purpose != .stream {
      // A file no longer than the range may well be sent whole by a server that knows ranges.
      if (head.contentLength ?? .max) > transfer.asked.upperBound, !source.knowsNoRanges,
        !source.hasServedRanges
      {
        source.knowsNoRanges = true
        onEvent(
          .warning("\(source.origin.publicText) knows no ranges; reading from the start"))
      }
      if transfer.purpose == .open { transfer.end = range.upperBound }
    }
    if transfer.end > range.upperBound {
      release(range.upperBound..<transfer.end)
      transfer.end = range.upperBound
    }
  }

  /// How far the server is away, at most: a lost packet makes a connection late, and a server that
  /// thinks an answer.
  private func noteRoundTrip(of transfer: Transfer) {
    let connected = transfer.handle.microseconds(
      from: CURLINFO_NAMELOOKUP_TIME_T, to: CURLINFO_CONNECT_TIME_T)
    let answered = transfer.handle.microseconds(
      from: CURLINFO_PRETRANSFER_TIME_T, to: CURLINFO_STARTTRANSFER_TIME_T)
    // (Nothing is made where a connection is used again, and a local file does not answer.)
    for microseconds in [connected, answered] where microseconds > 0 {
      let seconds = max(Double(microseconds) / 1e6, 0.001)
      roundTrip = hasMeasuredRoundTrip ? min(roundTrip, seconds) : seconds
      hasMeasuredRoundTrip = true
    }
  }

  // SAFETY: the buffers below are libcurl's and valid during its callback; nothing keeps them, and
  // slices of them stay within their bounds.

  /// Takes body bytes; false breaks the transfer off.
  func receive(_ bytes: UnsafeBufferPointer<UInt8>, for transfer: Transfer) -> Bool {
    bodyByteCount += bytes.count
    transfer.receivedByteCount += bytes.count
    switch transfer.purpose {
    case .check:
      let taken = min(bytes.count, Limits.headerByteCount - transfer.headerBytes.count)
      unsafe transfer.headerBytes.append(contentsOf: bytes.prefix(taken))
      transfer.position += taken
      return taken == bytes.count
    case .open:
      // More than was asked for, by a server that broke its own promise, is not looked at.
      let taken = unsafe UnsafeBufferPointer(
        rebasing: bytes.prefix(transfer.end - transfer.position))
      do throws(BSTKError) {
        unsafe try receiveOpening(taken, for: transfer)
        return taken.count == bytes.count
      } catch {
        fatal = error
        return false
      }
    case .data, .stream:
      return unsafe receiveData(bytes, for: transfer)
    }
  }

  /// Takes bytes of chunks: what is already here is skipped, the rest goes to storage.
  @discardableResult
  func receiveData(_ bytes: UnsafeBufferPointer<UInt8>, for transfer: Transfer) -> Bool {
    if unsafe transfer.gather(bytes) { return true }
    guard let store, let files else { return false }
    var rest = unsafe bytes
    if transfer.position < files.map.manifestEnd {
      // A stream begins with the manifest; it must be the one we know.
      let count = min(rest.count, files.map.manifestEnd - transfer.position)
      let expected = manifestBytes[transfer.position..<(transfer.position + count)]
      guard unsafe rest.prefix(count).elementsEqual(expected) else {
        transfer.failure = TransferFailure(
          .suspicious, .remoteChanged, "\(transfer.source.origin.publicText) serves another file")
        return false
      }
      transfer.position += count
      unsafe rest = unsafe UnsafeBufferPointer(rebasing: rest.dropFirst(count))
    }
    while !rest.isEmpty, transfer.position < transfer.end {
      let here = received.runEnd(at: transfer.position)
      if here > transfer.position {
        submit(transfer)
        let count = min(rest.count, here - transfer.position)
        transfer.position += count
        noteStream(transfer)
        unsafe rest = unsafe UnsafeBufferPointer(rebasing: rest.dropFirst(count))
        continue
      }
      guard let gap = received.firstGap(in: transfer.position..<transfer.end) else { break }
      let buffer = transfer.buffer ?? store.buffer()
      if transfer.buffer == nil {
        buffer.restart(at: transfer.position)
        transfer.buffer = buffer
        transfer.gatherEnd = min(gap.upperBound, transfer.position + buffer.capacity)
      }
      let wanted = min(rest.count, gap.upperBound - transfer.position)
      let taken = unsafe buffer.append(UnsafeBufferPointer(rebasing: rest.prefix(wanted)))
      transfer.hasProgressed = true
      (transfer.source.failureCount, transfer.source.shunnedUntil) = (0, 0)
      transfer.position += taken
      unsafe rest = unsafe UnsafeBufferPointer(rebasing: rest.dropFirst(taken))
      if buffer.isFull || transfer.position == gap.upperBound { submit(transfer) }
    }
    transfer.source.fruitlessResolutions = 0
    lostByteCount += rest.count
    return rest.isEmpty
  }

  /// Reading again what is here takes time and is no standstill, but an attempt it saves only as far
  /// as this source never came before.
  private func noteStream(_ transfer: Transfer) {
    guard transfer.purpose == .stream else { return }
    lastProgress = clock.now
    guard transfer.position > transfer.source.streamRecord else { return }
    transfer.source.streamRecord = transfer.position
    transfer.hasProgressed = true
  }

  /// Hands the bytes gathered for a transfer to storage.
  func submit(_ transfer: Transfer) {
    guard let buffer = transfer.buffer, buffer.count > 0, let store else { return }
    let range = buffer.offset..<(buffer.offset + buffer.count)
    payloadByteCount += received.gaps(in: range).reduce(0) { $0 + $1.count }
    received.insert(range)
    claimed.insert(range)
    noteContribution(of: transfer.source, in: range)
    transfer.buffer = nil
    transfer.lastSubmission = clock.now
    lastProgress = clock.now
    store.submit(buffer)
  }

  /// Counts bytes of a body nobody wants.
  func discardedBytes(_ count: Int) { bodyByteCount += count }

  /// Gives back the part of a claim that has not been received.
  func release(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    for gap in received.gaps(in: range) { claimed.remove(gap) }
  }
}
