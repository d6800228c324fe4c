import BSTKFormat
import CCurl

/// One request and its response. Used by the network thread alone; libcurl's callbacks reach it
/// through an unretained reference, and the engine keeps it alive until the handle is removed.
final class Transfer {
  enum Purpose {
    /// Header and index of a file not yet known.
    case open
    /// The header alone, to compare.
    case check
    /// A span of the prefix.
    case data
    /// The whole file from its first byte, from a server without ranges.
    case stream
  }

  private(set) var purpose: Purpose
  let source: Source
  let generation: Int
  /// Where the request goes; the source may have moved on when the answer comes.
  let target: WebAddress
  /// The bytes asked for.
  let asked: Range<Int>
  /// Where to stop; moves down when another connection takes over the rest.
  var end: Int
  /// Where the next byte of the body belongs.
  var position: Int
  /// Failed attempts at this range before.
  let attempts: Attempts
  /// The sources that were to be left out, and whether this repairs a chunk.
  var avoided: Set<Int> = []
  var isRepair = false
  var handle: EasyHandle
  var head = ResponseHead()
  var verdict: ResponseGate.Verdict?
  /// The bytes of a ``Purpose/check``.
  var headerBytes: [UInt8] = []
  var buffer: ReceiveBuffer?
  /// Where the buffer is full, or bytes follow that were here when it was begun.
  var gatherEnd = 0
  var lastSubmission: Double
  let start: Double
  var lastByte: Double
  var receivedByteCount = 0
  /// Whether it brought anything that nobody had before.
  var hasProgressed = false
  private var meter: RateMeter
  /// Bytes a second of late.
  private(set) var rate = 0.0
  var discardedByteCount = 0
  private(set) var isPaused = false
  /// Why the engine itself broke it off.
  var failure: TransferFailure?
  unowned let engine: FetchEngine

  init(
    purpose: Purpose, source: Source, asked: Range<Int>, attempts: Attempts,
    handle: consuming EasyHandle, engine: FetchEngine
  ) {
    self.purpose = purpose
    self.source = source
    self.asked = asked
    self.attempts = attempts
    self.handle = handle
    self.engine = engine
    generation = source.generation
    target = source.target
    end = asked.upperBound
    position = asked.lowerBound
    start = engine.clock.now
    lastByte = start
    lastSubmission = start
    meter = RateMeter(start: start)
  }

  /// Makes an opening request go on as an ordinary one.
  func becomeData(isStream: Bool, end: Int) {
    purpose = isStream ? .stream : .data
    self.end = max(position, end)
  }

  /// The handle's address, by which libcurl names it.
  var key: UInt { handle.address }

  /// Whether everything wanted has come, though the server might send more.
  var isSatisfied: Bool { position >= end && verdict != nil }

  /// Remembers how much has come by now, for the rate of the last `span` seconds.
  func look(now: Double, span: Double) {
    meter.look(byteCount: receivedByteCount, now: now, span: span)
    rate = meter.rate(from: now - span, to: now)
  }

  /// Makes libcurl call back into this object.
  func installCallbacks() {
    // SAFETY: the engine holds this object until it has removed the handle, and callbacks run only
    // inside calls to libcurl on the network thread.
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe handle.set(CURLOPT_WRITEDATA, pointer: context)
    unsafe handle.set(CURLOPT_HEADERDATA, pointer: context)
    unsafe handle.set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      // SAFETY: libcurl passes `size * count` readable bytes and the context set above.
      guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
      let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
      let raw = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
      unsafe transfer.takeHeaderLine(String(decoding: raw, as: UTF8.self))
      return size * count
    }
    unsafe handle.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      // SAFETY: as above.
      guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
      let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
      if transfer.pause() { return Int(CURL_WRITEFUNC_PAUSE) }
      let body = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
      return unsafe transfer.takeBody(body.assumingMemoryBound(to: UInt8.self))
        ? size * count : 0
    }
  }

  private func takeHeaderLine(_ line: String) {
    // Trailers after the body are of no interest.
    if head.isComplete, !line.hasPrefix("HTTP/") { return }
    head.take(line)
    guard head.isComplete, !(100..<200).contains(head.status) else { return }
    judge(head)
  }

  private func judge(_ head: ResponseHead) {
    let isPinned = !source.ignoresTagAndLength && purpose != .check
    let pinned = isPinned ? source.pinnedTotal.map { $0...$0 } : nil
    let possible = purpose == .check ? 0...Int.max : engine.possibleTotals
    let gate = ResponseGate(
      asked: purpose == .stream ? nil : asked, totals: pinned ?? possible,
      pinnedTag: isPinned ? source.pinnedTag : nil,
      isRedirected: target != source.origin, address: source.origin.publicText)
    let verdict = gate.judge(head)
    self.verdict = verdict
    if case .accept(let range) = verdict { engine.accepted(self, range: range) }
  }

  /// Whether libcurl is to keep the bytes until ``resume()``: for a limited rate, or because the
  /// consumer has enough ahead of it. (Other requests ask for no more than it wants.)
  private func pause() -> Bool {
    // Of a local file libcurl would gather the rest in memory instead of pausing.
    guard target.scheme != "file", engine.rateDelay() > 0 || isAheadOfConsumer else { return false }
    // What the consumer waits for may be in the buffer.
    if isAheadOfConsumer { engine.submit(self) }
    lastByte = engine.clock.now
    isPaused = true
    return true
  }

  /// (What it waits for must have come whole: a damaged chunk is read again only after the end.)
  private var isAheadOfConsumer: Bool {
    purpose == .stream && position >= engine.allowanceEnd && engine.isConsumerServed
  }

  /// Goes on after a pause, when its reason is gone; libcurl may call back at once.
  func resume() {
    guard isPaused else { return }
    lastByte = engine.clock.now
    if isAheadOfConsumer { return }
    isPaused = false
    handle.resume()
  }

  // SAFETY: as for the callback below, whose bytes these are.

  /// Puts bytes into the buffer when nothing has to be looked up or handed over for them, as is the
  /// case for fifteen of sixteen pieces of 16 KiB, in which libcurl passes a body on.
  func gather(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let buffer, position + bytes.count < min(gatherEnd, end) else { return false }
    position += unsafe buffer.append(bytes)
    hasProgressed = true
    return true
  }

  /// Takes body bytes; false breaks the transfer off.
  private func takeBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    if target.scheme == "file" {
      if verdict == nil {
        verdict = .accept(asked)
        engine.accepted(self, range: asked)
      }
      if !engine.keepUp() { return false }
    }
    lastByte = engine.clock.now
    switch verdict {
    case .accept:
      guard failure == nil, position < end else { return false }
      return unsafe engine.receive(bytes, for: self)
    case .refuse(let failure):
      // The rest of a small error page is read so that the connection can be used again; a page
      // that is not wanted must not cost more than that.
      discardedByteCount += bytes.count
      engine.discardedBytes(bytes.count)
      switch failure.kind {
      case .rangeIgnored, .violation, .suspicious: return false
      default: return discardedByteCount <= 16 << 10
      }
    case nil: return false
    }
  }
}
