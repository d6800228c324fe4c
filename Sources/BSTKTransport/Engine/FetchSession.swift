internal import BSTKFormat
internal import Dispatch

/// One fetch: takes the request apart, runs the engine on a thread of its own, and turns task
/// cancellation into a message to it.
final class FetchSession: Sendable {
  /// What is to be done.
  enum Task: Sendable {
    /// Make or grow the output.
    case fetch
    /// Only read header and index.
    case open
  }

  /// What came of it.
  enum Outcome: Sendable {
    case fetched(FetchSummary)
    case opened(RemoteManifest)
  }

  let inbox = Inbox()
  private let request: FetchRequest
  private let tuning: FetchTuning
  private let task: Task
  private let onEvent: @Sendable (FetchEvent) -> Void
  /// Bytes the engine may ask for before a consumer allows more; nil is all.
  private let initialAllowance: Int?
  /// Where verified chunks are kept for the consumer.
  private let kept: KeptChunks?

  init(
    _ request: FetchRequest, tuning: FetchTuning, task: Task, initialAllowance: Int? = nil,
    kept: KeptChunks? = nil, onEvent: @escaping @Sendable (FetchEvent) -> Void
  ) {
    self.request = request
    self.tuning = tuning
    self.task = task
    self.initialAllowance = initialAllowance
    self.kept = kept
    self.onEvent = onEvent
  }

  /// Runs to the end.
  func run() async throws -> Outcome {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "bstk.fetch.network", qos: .userInitiated).async { [self] in
          continuation.resume(
            with: Result {
              let engine = try FetchEngine(
                request, tuning: tuning, task: task, inbox: inbox, allowance: initialAllowance,
                kept: kept, onEvent: onEvent)
              return try engine.run()
            })
        }
      }
    } onCancel: {
      inbox.post(.cancel)
    }
  }
}
