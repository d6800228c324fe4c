import BSTKFormat
import BSTKStore
import BSTKTransport
import Dispatch

/// Verified chunks on their way from the fetch to the model.
///
/// They are held until the model takes them, which makes them no more than what the model will
/// hold; of what it will not take for now nothing is held, for it is on the disk.
final class Arrivals: Sendable {
  private struct State {
    var waiting: [Int: [UInt8]] = [:]
    var last: VerifiedBlock?
    var limit = Int.max
    var end: Result<Void, any Error>?
  }

  private let state = Lock(State())
  /// Signalled at each arrival and at the end.
  private let news = DispatchSemaphore(value: 0)

  /// The last chunk verified; all before it are.
  var last: VerifiedBlock? { state.withLock { $0.last } }

  /// How the fetch has ended; nil while it runs.
  var end: Result<Void, any Error>? { state.withLock { $0.end } }

  /// Takes the fetch's next chunk.
  func add(_ block: VerifiedBlock) async throws {
    var bytes: [UInt8]?
    if state.withLock({ block.index < $0.limit }) { bytes = try await block.storedBytes() }
    state.withLock { [bytes] state in
      state.waiting[block.index] = bytes
      state.last = block
    }
    news.signal()
  }

  /// Takes note of the fetch's end.
  func finish(_ end: Result<Void, any Error>) {
    state.withLock { $0.end = end }
    news.signal()
  }

  /// Holds nothing from chunk `limit` on.
  func hold(before limit: Int) {
    state.withLock { state in
      if limit < state.limit { state.waiting = state.waiting.filter { $0.key < limit } }
      state.limit = limit
    }
  }

  /// Hands over a chunk that has arrived: from memory or, when it was not held, from the disk.
  ///
  /// - Throws: `IO`, or `CHUNK_HASH` when somebody changed the file.
  func take(_ index: Int, upTo last: VerifiedBlock) throws(BSTKError) -> [UInt8] {
    if let bytes = state.withLock({ $0.waiting.removeValue(forKey: index) }) { return bytes }
    return try last.storedBytes(ofChunk: index)
  }

  /// Blocks until chunk `index` is there.
  ///
  /// - Throws: What ended the fetch before.
  func wait(for index: Int) throws -> VerifiedBlock {
    while true {
      let (last, end) = state.withLock { ($0.last, $0.end) }
      if let last, last.index >= index { return last }
      try end?.get()
      news.wait()
    }
  }
}
