import BSTKStore

/// The bytes of chunks that a consumer is about to be handed, as they were hashed, so that nobody
/// reads them back from the disk. Bounded: what finds no room is read from the file when it is asked for.
final class KeptChunks: Sendable {
  private struct State {
    var reservedByteCount = 0
    var chunks: [Int: [UInt8]] = [:]
  }

  private static let mostByteCount = 64 << 20

  private let state = Lock(State())
  private let byteLimit: Int

  init(byteLimit: Int) { self.byteLimit = min(byteLimit, Self.mostByteCount) }

  /// Reserves room for a chunk that begins to arrive; a single one always has it.
  func reserve(_ byteCount: Int) -> Bool {
    state.withLock { state in
      guard state.reservedByteCount == 0 || byteCount <= byteLimit - state.reservedByteCount else {
        return false
      }
      state.reservedByteCount += byteCount
      return true
    }
  }

  /// Gives room back: of a chunk that was damaged, or that the consumer has taken.
  func release(_ byteCount: Int) { state.withLock { $0.reservedByteCount -= byteCount } }

  /// Keeps a verified chunk for which there is room.
  func keep(_ bytes: [UInt8], ofChunk index: Int) { state.withLock { $0.chunks[index] = bytes } }

  /// Hands a chunk over; its room stays reserved until the consumer has it.
  func take(_ index: Int) -> [UInt8]? {
    state.withLock { $0.chunks.removeValue(forKey: index) }
  }

  /// Forgets everything: chunks of another file follow.
  func removeAll() {
    state.withLock { $0 = State() }
  }
}
