import BSTKFormat
import BSTKStore

/// Turns the events of a fetch into its verified chunks.
final class Delivery: Sendable {
  private struct State {
    var manifest: Manifest?
    var nextIndex = 0
  }

  private let state = Lock(State())
  private let output: String
  private let kept: KeptChunks
  private let continuation: AsyncThrowingStream<VerifiedBlock, any Error>.Continuation

  init(
    output: String, kept: KeptChunks,
    continuation: AsyncThrowingStream<VerifiedBlock, any Error>.Continuation
  ) {
    self.output = output
    self.kept = kept
    self.continuation = continuation
  }

  func take(_ event: FetchEvent) {
    state.withLock { state in
      switch event {
      case .opened(let opening): state.manifest = opening.manifest
      case .verified(let count, _):
        guard let manifest = state.manifest else { return }
        while state.nextIndex < count {
          continuation.yield(
            VerifiedBlock(
              index: state.nextIndex, manifest: manifest, output: output,
              kept: kept.take(state.nextIndex)))
          state.nextIndex += 1
        }
      default: break
      }
    }
  }
}
