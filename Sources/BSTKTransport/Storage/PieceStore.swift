import BSTKFormat
import BSTKStore
import Dispatch

/// Writes what arrives, keeps the journal, and has it hashed.
///
/// Belongs to the network thread, which writes itself: that is one copy into the page cache, and
/// handing it to yet another thread costs about as much. Hashing, and flushing to stable storage,
/// take long and go on elsewhere meanwhile.
final class PieceStore {
  /// What the engine is told.
  enum Report: Sendable {
    /// A piece is whole and matches its digest.
    case verified(Int)
    /// A piece is whole and does not match.
    case damaged(PieceVerifier.Damage)
    /// The disk refused.
    case failed(BSTKError)
  }

  private let file: OutputFile
  private let journal: FetchJournal
  private let verification: VerificationQueue
  private let tuning: FetchTuning
  private let report: @Sendable (Report) -> Void

  private var present: ByteRangeSet
  private var hasFailed = false
  /// What is stored and not yet in the journal: one record stands for many buffers.
  private var unrecorded = ByteRangeSet()
  private var lastRecord = DispatchTime.now()

  private let flushQueue = DispatchQueue(label: "bstk.fetch.flush")
  private let isFlushing = Lock(false)
  private var unflushedByteCount = 0
  private var lastFlush = DispatchTime.now()

  init(
    map: ChunkMap, file: OutputFile, journal: FetchJournal, local: LocalState,
    tuning: FetchTuning, kept: KeptChunks?, report: @escaping @Sendable (Report) -> Void
  ) {
    self.file = file
    self.journal = journal
    self.tuning = tuning
    self.report = report
    present = local.present
    verification = VerificationQueue(
      PieceVerifier(map: map, file: file, local: local, kept: kept), tuning: tuning,
      report: report)
  }

  /// Whether nothing is stored that a later run could use.
  var isEmpty: Bool { present.isEmpty }

  /// An empty buffer.
  func buffer() -> ReceiveBuffer { verification.buffer() }

  /// Takes a buffer back unused.
  func recycle(_ buffer: ReceiveBuffer) { verification.recycle(buffer) }

  /// Hashes the beginnings of pieces that an earlier run stored in part.
  func start() { verification.start() }

  /// Writes what is not here yet and passes it on to be hashed.
  func submit(_ buffer: ReceiveBuffer) {
    guard !hasFailed else { return recycle(buffer) }
    let offset = buffer.offset
    let gaps = present.gaps(in: offset..<(offset + buffer.count))
    do throws(BSTKError) {
      for gap in gaps {
        let part = buffer.bytes.extracting((gap.lowerBound - offset)..<(gap.upperBound - offset))
        try file.write(part, at: gap.lowerBound)
        present.insert(gap)
        unrecorded.insert(gap)
        unflushedByteCount += gap.count
      }
    } catch {
      fail(error)
      return recycle(buffer)
    }
    keepUp()
    verification.submit(buffer, stored: gaps)
  }

  /// Forgets a piece that is not what it should be, so that it is written again.
  func discard(_ range: Range<Int>) {
    guard !hasFailed else { return }
    present.remove(range)
    do throws(BSTKError) {
      try record()
      try journal.recordDamaged(range)
    } catch { fail(error) }
  }

  /// Waits for everything submitted, then makes it safe against power loss.
  func drain() throws(BSTKError) {
    verification.drain()
    if !hasFailed {
      do throws(BSTKError) { try record() } catch { fail(error) }
    }
    flushQueue.sync {}
    if !hasFailed { try journal.checkpoint(after: file) }
  }

  private func fail(_ error: BSTKError) {
    guard !hasFailed else { return }
    hasFailed = true
    // What was stored before is good; when the journal fails too, it is only fetched again.
    try? record()
    report(.failed(error))
  }

  /// Journal and flush when they are due, also while nothing comes.
  func keepUp() {
    guard !hasFailed else { return }
    let now = DispatchTime.now()
    do throws(BSTKError) {
      if unrecorded.byteCount >= tuning.journalByteCount
        || seconds(from: lastRecord, to: now) >= tuning.journalSeconds
      {
        try record()
      }
      if unflushedByteCount >= tuning.flushByteCount
        || unflushedByteCount > 0 && seconds(from: lastFlush, to: now) >= tuning.flushSeconds
      {
        try flush()
      }
    } catch { fail(error) }
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
    flushQueue.async { [journal, file, report, isFlushing] in
      do throws(BSTKError) { try journal.checkpoint(after: file) } catch { report(.failed(error)) }
      isFlushing.withLock { $0 = false }
    }
  }
}
