import BSTKStore

/// What other threads want from the network thread.
final class Inbox: Sendable {
  enum Message: Sendable {
    case cancel
    case storage(PieceStore.Report)
    /// A consumer is ready for bytes before this offset.
    case allow(upTo: Int)
  }

  private struct State {
    var messages: [Message] = []
    var multi: MultiHandle?
  }

  private let state = Lock(State())

  /// Delivers a message and wakes the network thread.
  func post(_ message: Message) {
    let multi = state.withLock { state in
      state.messages.append(message)
      return state.multi
    }
    multi?.wake()
  }

  /// Names the handle that waits for messages; nil once nobody does.
  func attach(_ multi: MultiHandle?) { state.withLock { $0.multi = multi } }

  /// Takes everything delivered so far.
  func drain() -> [Message] {
    state.withLock { state in
      defer { state.messages.removeAll(keepingCapacity: true) }
      return state.messages
    }
  }
}
