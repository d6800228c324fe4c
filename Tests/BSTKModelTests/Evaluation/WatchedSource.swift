import BSTKFormat
import BSTKStore
import Synchronization

/// Bytes in memory that tell what was read of them, and that can be damaged.
final class WatchedSource: ByteSource {
  private struct State {
    var bytes: [UInt8]
    var offsets: [UInt64] = []
  }

  private let state: Mutex<State>

  init(_ bytes: [UInt8]) { state = Mutex(State(bytes: bytes)) }

  /// Where reads began since the last call, each once.
  func takeOffsets() -> Set<UInt64> {
    state.withLock { state in
      defer { state.offsets = [] }
      return Set(state.offsets)
    }
  }

  /// Flips the bits of a byte.
  func damage(at offset: UInt64) { state.withLock { $0.bytes[Int(offset)] ^= 0xFF } }

  func byteCount() -> UInt64 { state.withLock { UInt64($0.bytes.count) } }

  func withBytes<Result>(
    at offset: UInt64, count: Int, _ body: (Span<UInt8>) throws(BSTKError) -> Result
  ) throws(BSTKError) -> Result {
    let bytes = state.withLock { state in
      state.offsets.append(offset)
      return Array(state.bytes.dropFirst(Int(offset)).prefix(count))
    }
    guard bytes.count == count else { throw BSTKError(.tooShort, "the bytes end") }
    return try body(bytes.span)
  }
}
