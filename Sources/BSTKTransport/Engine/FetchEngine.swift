import BSTKCodec
import BSTKFormat
import BSTKStore
import CCurl
import Dispatch

/// The fetch itself. It lives on the network thread from its making to its end; other threads
/// reach it through its ``Inbox`` only.
final class FetchEngine {
  let request: FetchRequest
  let tuning: FetchTuning
  let task: FetchSession.Task
  let inbox: Inbox
  let onEvent: @Sendable (FetchEvent) -> Void
  let multi: MultiHandle
  let sources: [Source]
  /// The root digest that the user pinned.
  let pinnedRoot: Digest?
  var clock = ActiveClock()
  var governor: ConnectionGovernor
  var rateLimiter: RateLimiter?
  var transfers: [UInt: Transfer] = [:]

  // MARK: The file, once known

  /// The first bytes of the file while they are gathered, then header and index.
  var manifestBytes: [UInt8] = []
  /// Whether they come from the disk.
  var hasLocalManifest = false
  /// The source they come from.
  var openingSource = 0
  /// How far the first request reaches.
  var openingEnd: Int
  var manifest: Manifest?
  var files: OutputPlan?
  /// What to tell about the plan, and whether that has been done.
  var opening: FetchOpening?
  var isAnnounced = false
  var store: PieceStore?
  /// Where the last wanted chunk ends.
  var limit = 0
  /// The chunks that are wanted.
  var wantedPieceCount = 0
  /// How far a consumer lets us go; nil without one.
  var allowance: Int?
  /// What it is about to be handed.
  let kept: KeptChunks?

  // MARK: What has been done

  /// Bytes that are stored or on their way to storage.
  var received = ByteRangeSet()
  /// Those, and the bytes that running requests will bring.
  var claimed = ByteRangeSet()
  var verified: [Bool] = []
  /// Verified pieces from the start.
  var watermark = 0
  var troubles: [Trouble] = []
  /// By piece: the sources that brought bytes of it, those that alone brought a damaged copy, and how
  /// often its hash did not match.
  var contributors: [Int: Set<Int>] = [:]
  var blamed: [Int: Set<Int>] = [:]
  var mismatchCount: [Int: Int] = [:]

  // MARK: Counters

  var bodyByteCount = 0
  var payloadByteCount = 0
  var headerByteCount = 0
  var requestCount = 0
  var connectionCount = 0
  var damagedCount = 0
  /// Bytes that came after the end of what a request was left with.
  var lostByteCount = 0
  /// Seconds; the least time that a connection or an answer took, or a guess before the first.
  var roundTrip = 0.05
  var hasMeasuredRoundTrip = false
  var lastProgress = 0.0
  var lastHousekeeping = 0.0
  var lastUpkeep = 0.0
  /// Requests for bytes of the file that ran when the network was last listened to.
  var busyCount = 0

  var isCancelled = false
  var fatal: BSTKError?
  var openedAnswer: RemoteManifest?

  init(
    _ request: FetchRequest, tuning: FetchTuning, task: FetchSession.Task, inbox: Inbox,
    allowance: Int?, kept: KeptChunks?, onEvent: @escaping @Sendable (FetchEvent) -> Void
  ) throws(BSTKError) {
    try RequestHeaders.check(request.options)
    guard let multi = MultiHandle() else {
      throw BSTKError(.network, "libcurl could not be started")
    }
    self.request = request
    self.tuning = tuning
    self.task = task
    self.inbox = inbox
    self.allowance = allowance
    self.kept = kept
    self.onEvent = onEvent
    self.multi = multi
    var addresses: [WebAddress] = []
    for source in request.sources {
      addresses.append(try WebAddress(source))
    }
    guard !addresses.isEmpty else { throw BSTKError(.url, "no address was given") }
    pinnedRoot = try Self.pinnedRoot(in: addresses)
    sources = addresses.enumerated().map { Source(number: $0.offset, origin: $0.element) }
    let connectionCount = min(max(request.options.maximumConnectionCount, 1), 64)
    governor = ConnectionGovernor(maximum: connectionCount, tuning: tuning)
    rateLimiter = request.options.bytesPerSecondLimit.map(RateLimiter.init)
    openingEnd =
      task == .open
      ? tuning.manifestRequestByteCount
      : Self.firstRequestByteCount(request.budget, allowance: allowance ?? .max, tuning)
    // Pipelined streams on one connection lose to several connections wherever packets do.
    multi.set(CURLMOPT_PIPELINING, 0)
    multi.set(CURLMOPT_MAXCONNECTS, connectionCount + 4)
  }

  /// A cut that is not known yet must not be overrun by much, and neither budget nor consumer at all.
  private static func firstRequestByteCount(
    _ budget: Budget, allowance: Int, _ tuning: FetchTuning
  ) -> Int {
    let bytes = budget.fileByteCount ?? (budget == .unlimited ? .max : 0)
    let count = Int(clamping: bytes)
    let sure = max(
      count - tuning.firstRequestReserveByteCount, count / 16,
      min(count, tuning.minimumFirstRequestByteCount))
    let least =
      budget.fileByteCount == nil ? tuning.minimumFirstRequestByteCount : Limits.headerByteCount
    return max(least, min(sure, allowance, tuning.firstRequestByteCount))
  }

  private static func pinnedRoot(in addresses: [WebAddress]) throws(BSTKError) -> Digest? {
    var root: Digest?
    for fragment in addresses.compactMap(\.fragment) {
      guard fragment.hasPrefix("root="), let digest = Digest(hex: fragment.dropFirst(5)) else {
        throw BSTKError(
          .url, "#\(fragment) is not a root digest", remedy: "write #root= and 64 hex digits")
      }
      guard root == nil || root == digest else {
        throw BSTKError(.url, "the addresses pin different root digests")
      }
      root = digest
    }
    return root
  }

  /// Runs to the end; returns or throws exactly once.
  func run() throws(BSTKError) -> FetchSession.Outcome {
    inbox.attach(multi)
    defer {
      inbox.attach(nil)
      abandonTransfers()
    }
    do throws(BSTKError) {
      try openLocalFiles()
      while true {
        clock.tick()
        takeMessages()
        if let outcome = try outcome() { return outcome }
        schedule()
        busyCount = spanCount
        waitForRate()
        multi.perform()
        while let (key, code) = multi.nextFinished() { finish(key, code) }
        finishSatisfied()
        housekeep()
        if let outcome = try outcome() { return outcome }
        multi.poll(seconds: pollSeconds())
      }
    } catch {
      abandonTransfers()
      // What is stored stays for the next run; a failure to flush it adds nothing to the first.
      try? store?.drain()
      removeEmptyState()
      throw error
    }
  }

  static var cancelled: BSTKError {
    BSTKError(
      .cancelled, "the fetch was stopped", remedy: "run the same command again; it continues")
  }

  private func outcome() throws(BSTKError) -> FetchSession.Outcome? {
    if isCancelled { throw Self.cancelled }
    if let fatal { throw fatal }
    if let openedAnswer { return .opened(openedAnswer) }
    guard let manifest, files != nil, watermark >= wantedPieceCount, !mustCheck else { return nil }
    return .fetched(try complete(manifest))
  }

  func takeMessages() {
    for message in inbox.drain() {
      switch message {
      case .cancel: isCancelled = true
      case .allow(let offset): allowance = max(allowance ?? 0, offset)
      case .storage(let report): take(report)
      }
    }
  }

  private func take(_ report: PieceStore.Report) {
    switch report {
    case .failed(let error): if fatal == nil { fatal = error }
    case .verified(let index):
      verified[index] = true
      contributors[index] = nil
      lastProgress = clock.now
      troubles.removeAll { $0.range.lowerBound == files?.map.pieces[index].range.lowerBound }
      advanceWatermark()
    case .damaged(let damage):
      store?.discard(damage.range)
      repair(damage)
    }
  }

  /// Moves the watermark over every piece verified by now and tells about it.
  func advanceWatermark() {
    let before = watermark
    while watermark < verified.count, verified[watermark] { watermark += 1 }
    if watermark > before, isAnnounced { tellWatermark() }
  }

  /// Tells how many chunks from the start are verified.
  func tellWatermark() {
    guard watermark > 0, let files else { return }
    onEvent(
      .verified(chunkCount: watermark, fileByteCount: UInt64(files.map.end(ofPieces: watermark))))
  }

  /// Seconds until a limited rate allows more to be read.
  func rateDelay() -> Double {
    rateLimiter?.delay(byteCount: bodyByteCount, now: clock.now) ?? 0
  }

  /// Lets the connections be until a limited rate allows more. Messages are still heard.
  private func waitForRate() {
    while !isCancelled, fatal == nil, case let delay = rateDelay(), delay > 0 {
      // Nobody signals: this only sleeps.
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + min(delay, tuning.progressSeconds))
      clock.tick()
      lastProgress = clock.now
      takeMessages()
    }
    for transfer in Array(transfers.values) { transfer.resume() }
  }

  private func pollSeconds() -> Double {
    if !transfers.isEmpty { return tuning.progressSeconds }
    if manifest == nil, sources.contains(where: { $0.fault == nil && $0.notBefore <= clock.now }) {
      return 0
    }
    let times = troubles.map(\.notBefore) + sources.filter { $0.fault == nil }.map(\.notBefore)
    let next = times.filter { $0 > clock.now }.min() ?? clock.now + tuning.progressSeconds
    return min(max(next - clock.now, 0.005), tuning.progressSeconds)
  }

  /// Breaks off whatever still runs.
  func abandonTransfers() {
    for transfer in Array(transfers.values) {
      if let buffer = transfer.buffer, buffer.count > 0 { submit(transfer) }
      retire(transfer)
    }
  }

  /// Takes a transfer out of libcurl's hands and counts what it cost.
  func retire(_ transfer: Transfer) {
    headerByteCount += transfer.handle.long(CURLINFO_HEADER_SIZE)
    connectionCount += transfer.handle.long(CURLINFO_NUM_CONNECTS)
    multi.remove(transfer.handle)
    transfers[transfer.key] = nil
    transfer.source.activeCount -= 1
    if let buffer = transfer.buffer {
      store?.recycle(buffer)
      transfer.buffer = nil
    }
  }
}
