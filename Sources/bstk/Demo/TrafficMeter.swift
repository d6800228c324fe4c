internal import BSTKServer
internal import Synchronization

/// Counts what a server sends, so that a step of the journey can say what it moved.
final class TrafficMeter: Sendable {
  private let state = Mutex<(requests: Int, bytes: UInt64)>((0, 0))

  /// To be handed to a server as its log.
  func record(_ record: RequestRecord) {
    state.withLock { state in
      state.requests += 1
      state.bytes += record.bytesSent
    }
  }

  /// What was sent since the last call.
  func take() -> (requests: Int, bytes: UInt64) {
    state.withLock { state in
      defer { state = (0, 0) }
      return state
    }
  }
}
