import BSTKCodec
import BSTKFormat
import BSTKStore
import Dispatch

/// Writes what arrives, hashes it, and says which pieces are whole.
///
/// Bytes of a piece that arrive in order are hashed while they are still in the cache; bytes that
/// arrived ahead (a large chunk shared by several connections) are read back from the page cache
/// once the bytes before them are there.
///
/// SAFETY: everything below `queue` is touched only by work items of that serial queue; `submit` is
/// called by one thread, the network thread.
final class PieceStore: @unchecked Sendable {
  /// What the storage queue tells the engine.
  enum Report: Sendable {
    /// A piece is whole and matches its digest.
    case verified(Int)
    /// A piece is whole and does not match. `isOurs` when some of it came from an earlier run.
    case damaged(Int, isOurs: Bool)
    /// The disk refused.
    case failed(BSTKError)
  }

  private let queue = DispatchQueue(label: "bstk.fetch.storage")
  private let flushQueue = DispatchQueue(label: "bstk.fetch.flush")
  private let slots: DispatchSemaphore
  private let freeBuffers = Lock<[ReceiveBuffer]>([])
  private let bufferByteCount: Int

  private let map: ChunkMap
  private let file: OutputFile
  private let journal: FetchJournal
  private let report: @Sendable (Report) -> Void
  private let tuning: FetchTuning
  private var present: ByteRangeSet
  private let resumed: ByteRangeSet
  private var damagedOnce: Set<Int> = []
  private var verified: Set<Int>
  private var hashers: [Int: PieceHasher] = [:]
  private var failed = false
  /// What is stored and not yet in the journal: one record stands for many buffers.
  private var unrecorded = ByteRangeSet()
  private var lastRecord = DispatchTime.now()
  private var unflushedByteCount = 0
  private var lastFlush = DispatchTime.now()
  private let isFlushing = Lock(false)

  init(
    map: ChunkMap, file: OutputFile, journal: FetchJournal, local: LocalState,
    tuning: FetchTuning, report: @escaping @Sendable (Report) -> Void
  ) {
    self.map = map
    self.file = file
    self.journal = journal
    self.report = report
    self.tuning = tuning
    present = local.present
    resumed = local.present
    verified = local.verified
    bufferByteCount = tuning.bufferByteCount
    slots = DispatchSemaphore(value: tuning.queuedBufferCount)
  }

  /// An empty buffer.
  func buffer() -> ReceiveBuffer {
    freeBuffers.withLock { $0.popLast() } ?? ReceiveBuffer(capacity: bufferByteCount)
  }

  /// Takes a buffer back unused.
  func recycle(_ buffer: ReceiveBuffer) {
    freeBuffers.withLock { $0.append(buffer) }
  }

  /// Hands bytes to the storage queue; waits while too many are queued, so that a slow disk slows
  /// the network rather than filling memory.
  func submit(_ buffer: ReceiveBuffer) {
    slots.wait()
    queue.async { [self] in
      if !failed {
        do throws(BSTKError) { try store(buffer.bytes, at: buffer.offset) } catch { fail(error) }
      }
      recycle(buffer)
      slots.signal()
    }
  }

  /// Hashes whatever resumed pieces are already whole in bytes but not yet verified.
  func start() {
    queue.async { [self] in
      do throws(BSTKError) {
        for range in present.ranges {
          try advance(piecesIn: range, incoming: nil)
        }
      } catch { fail(error) }
    }
  }

  /// Waits for everything submitted, then makes it safe against power loss.
  func drain() throws(BSTKError) {
    queue.sync { [self] in
      if !failed {
        do throws(BSTKError) { try record() } catch { fail(error) }
      }
    }
    flushQueue.sync {}
    if !failed { try journal.checkpoint(after: file) }
  }

  private func fail(_ error: BSTKError) {
    failed = true
    // What was stored before is good; when the journal fails too, it is only fetched again.
    try? record()
    report(.failed(error))
  }

  // MARK: On the storage queue

  private func store(_ bytes: Span<UInt8>, at offset: Int) throws(BSTKError) {
    let range = offset..<(offset + bytes.count)
    for gap in present.gaps(in: range) {
      let part = bytes.extracting((gap.lowerBound - offset)..<(gap.upperBound - offset))
      try file.write(part, at: gap.lowerBound)
      present.insert(gap)
      unrecorded.insert(gap)
      try advance(piecesIn: gap, incoming: part)
      unflushedByteCount += gap.count
    }
    let now = DispatchTime.now()
    if unrecorded.byteCount >= tuning.journalByteCount
      || seconds(from: lastRecord, to: now) >= tuning.journalSeconds
    {
      try record()
    }
    if unflushedByteCount >= tuning.flushByteCount
      || seconds(from: lastFlush, to: now) >= tuning.flushSeconds
    {
      try flush()
    }
  }

  private func seconds(from start: DispatchTime, to end: DispatchTime) -> Double {
    Double(end.uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
  }

  /// Tells the journal what was stored since the last time.
  private func record() throws(BSTKError) {
    lastRecord = DispatchTime.now()
    for range in unrecorded.ranges { try journal.recordStored(range) }
    unrecorded = ByteRangeSet()
  }

  /// Feeds the hashers of the pieces that `range` touches: from `incoming`, the bytes of `range`,
  /// while these are next, otherwise from the file.
  private func advance(
    piecesIn range: Range<Int>, incoming: Span<UInt8>?
  ) throws(BSTKError) {
    var index = map.piece(endingAfter: range.lowerBound)
    while index < map.pieces.count, map.pieces[index].range.lowerBound < range.upperBound {
      defer { index += 1 }
      if verified.contains(index) { continue }
      let piece = map.pieces[index]
      var hasher = hashers.removeValue(forKey: index) ?? PieceHasher(piece)
      if let incoming, range.contains(hasher.position) {
        let end = min(range.upperBound, piece.range.upperBound)
        hasher.update(
          incoming.extracting(
            (hasher.position - range.lowerBound)..<(end - range.lowerBound)))
      }
      let end = min(present.runEnd(at: hasher.position), piece.range.upperBound)
      while hasher.position < end {
        let part = try file.bytes(at: hasher.position, count: min(1 << 18, end - hasher.position))
        guard !part.isEmpty else {
          throw BSTKError(
            .io, "\(file.path) ends at byte \(hasher.position): somebody made it shorter",
            offset: UInt64(hasher.position), remedy: "run the same command again")
        }
        hasher.update(part.span)
      }
      if hasher.isComplete {
        try finish(index, hasher)
      } else if hasher.position > piece.range.lowerBound {
        hashers[index] = hasher
      }
    }
  }

  private func finish(_ index: Int, _ hasher: PieceHasher) throws(BSTKError) {
    if hasher.matches() {
      verified.insert(index)
      report(.verified(index))
      return
    }
    let range = hasher.piece.range
    // Bytes of an earlier run are our own risk once; the server is not to blame for them.
    let freshByteCount = resumed.gaps(in: range).reduce(0) { $0 + $1.count }
    let isOurs = damagedOnce.insert(index).inserted && freshByteCount < range.count
    present.remove(range)
    try record()
    try journal.recordDamaged(range)
    report(.damaged(index, isOurs: isOurs))
  }

  /// Makes what is stored safe against power loss, while more is being stored.
  private func flush() throws(BSTKError) {
    guard
      isFlushing.withLock({ flushing in
        defer { flushing = true }
        return !flushing
      })
    else { return }
    try record()
    lastFlush = DispatchTime.now()
    unflushedByteCount = 0
    flushQueue.async { [self] in
      do throws(BSTKError) { try journal.checkpoint(after: file) } catch { report(.failed(error)) }
      isFlushing.withLock { $0 = false }
    }
  }
}
