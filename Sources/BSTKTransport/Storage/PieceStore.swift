import BSTKCodec
import BSTKFormat
import BSTKStore
import Dispatch

/// Writes what arrives, has it hashed, and says which pieces are whole.
///
/// Writing and hashing cost about the same, so each has a queue of its own: a buffer is written by
/// the first, then hashed by the second while the next one is written.
///
/// SAFETY: everything below `writing` is touched only by work items of that serial queue, and
/// everything below `hashing` only by those of that one; `submit` is called by one thread, the
/// network thread.
final class PieceStore: @unchecked Sendable {
  /// What the queues tell the engine.
  enum Report: Sendable {
    /// A piece is whole and matches its digest.
    case verified(Int)
    /// A piece is whole and does not match. `isOurs` when some of it came from an earlier run.
    case damaged(Int, isOurs: Bool)
    /// The disk refused.
    case failed(BSTKError)
  }

  private let flushQueue = DispatchQueue(label: "bstk.fetch.flush")
  private let slots: DispatchSemaphore
  private let freeBuffers = Lock<[ReceiveBuffer]>([])
  private let bufferByteCount: Int

  private let file: OutputFile
  private let journal: FetchJournal
  private let report: @Sendable (Report) -> Void
  private let tuning: FetchTuning

  private let writing = DispatchQueue(label: "bstk.fetch.write")
  private var present: ByteRangeSet
  private var failed = false
  /// What is stored and not yet in the journal: one record stands for many buffers.
  private var unrecorded = ByteRangeSet()
  private var lastRecord = DispatchTime.now()
  private var unflushedByteCount = 0
  private var lastFlush = DispatchTime.now()
  private let isFlushing = Lock(false)

  private let hashing = DispatchQueue(label: "bstk.fetch.hash")
  private var verifier: PieceVerifier
  private var isVerifying = true

  init(
    map: ChunkMap, file: OutputFile, journal: FetchJournal, local: LocalState,
    tuning: FetchTuning, report: @escaping @Sendable (Report) -> Void
  ) {
    self.file = file
    self.journal = journal
    self.report = report
    self.tuning = tuning
    present = local.present
    verifier = PieceVerifier(map: map, file: file, local: local)
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

  /// Hands bytes over to be written and hashed; waits while too many are queued, so that a slow
  /// disk slows the network rather than filling memory.
  func submit(_ buffer: ReceiveBuffer) {
    slots.wait()
    writing.async { [self] in
      let stored = failed ? [] : write(buffer)
      hashing.async { [self] in
        for range in stored { verify(range, in: buffer) }
        recycle(buffer)
        slots.signal()
      }
    }
  }

  /// Hashes the beginnings of pieces that an earlier run stored in part.
  func start() {
    hashing.async { [self] in
      for range in verifier.resumed.ranges { verify(range, in: nil) }
    }
  }

  /// Waits for everything submitted, then makes it safe against power loss.
  func drain() throws(BSTKError) {
    writing.sync {}
    // It may find damage, of which the journal is told by the first queue.
    hashing.sync {}
    writing.sync { [self] in
      if !failed {
        do throws(BSTKError) { try record() } catch { fail(error) }
      }
    }
    flushQueue.sync {}
    // (Nothing is on the queues any more, so this is the only thread here.)
    if !failed { try journal.checkpoint(after: file) }
  }

  // MARK: On the queue that writes

  private func fail(_ error: BSTKError) {
    guard !failed else { return }
    failed = true
    // What was stored before is good; when the journal fails too, it is only fetched again.
    try? record()
    report(.failed(error))
  }

  /// Writes what is not here yet, and returns where that is.
  private func write(_ buffer: ReceiveBuffer) -> [Range<Int>] {
    let offset = buffer.offset
    let gaps = present.gaps(in: offset..<(offset + buffer.count))
    do throws(BSTKError) {
      for gap in gaps {
        let part = buffer.bytes.extracting(
          (gap.lowerBound - offset)..<(gap.upperBound - offset))
        try file.write(part, at: gap.lowerBound)
        present.insert(gap)
        unrecorded.insert(gap)
        unflushedByteCount += gap.count
      }
      try keepUp()
    } catch { fail(error) }
    return failed ? [] : gaps
  }

  /// Journal and flush when they are due.
  private func keepUp() throws(BSTKError) {
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

  /// Forgets a piece that is not what it should be, so that it is written again.
  private func discard(_ range: Range<Int>) {
    guard !failed else { return }
    present.remove(range)
    do throws(BSTKError) {
      try record()
      try journal.recordDamaged(range)
    } catch { fail(error) }
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

  // MARK: On the queue that hashes

  private func verify(_ range: Range<Int>, in buffer: ReceiveBuffer?) {
    guard isVerifying else { return }
    do throws(BSTKError) {
      for finding in try verifier.advance(over: range, in: buffer) {
        switch finding {
        case .verified(let index): report(.verified(index))
        case .damaged(let index, let range, let isOurs):
          writing.async { [self] in
            discard(range)
            report(.damaged(index, isOurs: isOurs))
          }
        }
      }
    } catch {
      isVerifying = false
      writing.async { [self] in fail(error) }
    }
  }
}
