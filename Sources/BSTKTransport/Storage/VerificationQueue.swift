import BSTKFormat
import BSTKStore
import Dispatch

/// Hashes stored bytes beside the network thread, in the order in which they were stored.
///
/// SAFETY: `verifier` and `hasFailed` are touched only by work items of the serial queue; everything
/// else is constant or behind a lock.
final class VerificationQueue: @unchecked Sendable {
  private let queue = DispatchQueue(label: "bstk.fetch.hash")
  private let slots: DispatchSemaphore
  private let freeBuffers = Lock<[ReceiveBuffer]>([])
  private let bufferByteCount: Int
  private let report: @Sendable (PieceStore.Report) -> Void
  private var verifier: PieceVerifier
  private var hasFailed = false

  init(
    _ verifier: PieceVerifier, tuning: FetchTuning,
    report: @escaping @Sendable (PieceStore.Report) -> Void
  ) {
    self.verifier = verifier
    self.report = report
    bufferByteCount = tuning.bufferByteCount
    slots = DispatchSemaphore(value: tuning.queuedBufferCount)
  }

  /// An empty buffer.
  func buffer() -> ReceiveBuffer {
    freeBuffers.withLock { $0.popLast() } ?? ReceiveBuffer(capacity: bufferByteCount)
  }

  /// Takes a buffer back that nobody reads any more.
  func recycle(_ buffer: ReceiveBuffer) {
    freeBuffers.withLock { $0.append(buffer) }
  }

  /// Hashes the beginnings of pieces that an earlier run stored in part.
  func start() {
    queue.async { [self] in
      for range in verifier.resumed.ranges { verify(range, in: nil) }
    }
  }

  /// Hands a buffer over of which these ranges were stored; waits while too many are queued, so that
  /// memory stays bounded.
  func submit(_ buffer: ReceiveBuffer, stored ranges: [Range<Int>]) {
    slots.wait()
    queue.async { [self] in
      for range in ranges { verify(range, in: buffer) }
      recycle(buffer)
      slots.signal()
    }
  }

  /// Waits for everything submitted.
  func drain() { queue.sync {} }

  private func verify(_ range: Range<Int>, in buffer: ReceiveBuffer?) {
    guard !hasFailed else { return }
    do throws(BSTKError) {
      for finding in try verifier.advance(over: range, in: buffer) {
        switch finding {
        case .verified(let index): report(.verified(index))
        case .damaged(let damage): report(.damaged(damage))
        }
      }
    } catch {
      hasFailed = true
      report(.failed(error))
    }
  }
}
