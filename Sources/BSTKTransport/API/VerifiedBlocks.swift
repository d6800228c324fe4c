internal import BSTKFormat

/// The chunks of a fetch in file order, each as soon as it and all before it are verified, so that
/// an app can use the first prefix while the rest still arrives.
///
/// ```swift
/// for try await block in Fetcher().verifiedBlocks(request) {
///   if block.prefixByteCount >= block.manifest.header.baseEnd { use(block) }
/// }
/// ```
///
/// The fetch begins with the iteration and ends with it: leaving the loop early cancels it, and
/// what has arrived stays for the next run. It runs at most ``lookaheadByteCount`` ahead of the
/// loop, so a slow consumer slows the download rather than the disk filling unwatched. At most
/// 64 MiB of that are held in memory, and what a block that the loop keeps has with it.
public struct VerifiedBlocks: AsyncSequence, Sendable {
  /// A verified chunk.
  public typealias Element = VerifiedBlock

  /// How many bytes may be asked for ahead of what the consumer has taken.
  public let lookaheadByteCount: Int
  let request: FetchRequest
  let tuning: FetchTuning
  let onEvent: @Sendable (FetchEvent) -> Void

  /// Starts the fetch.
  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  /// Walks over the chunks.
  public struct Iterator: AsyncIteratorProtocol {
    private let run: Run
    private let lookahead: Int
    private var blocks: AsyncThrowingStream<VerifiedBlock, any Error>.AsyncIterator

    init(_ sequence: VerifiedBlocks) {
      let (stream, continuation) = AsyncThrowingStream.makeStream(of: VerifiedBlock.self)
      run = Run(sequence, continuation)
      lookahead = sequence.lookaheadByteCount
      blocks = stream.makeAsyncIterator()
    }

    /// Waits for the next chunk; nil after the last.
    ///
    /// - Throws: As ``Fetcher/fetch(_:onEvent:)``.
    public mutating func next() async throws -> VerifiedBlock? {
      let block = try await blocks.next(isolation: #isolation)
      guard let block else {
        // A stream ends for a cancelled task as it ends behind the last chunk.
        try Task.checkCancellation()
        return nil
      }
      if let kept = block.kept { run.kept.release(kept.count) }
      let (end, isEndless) = Int(block.prefixByteCount).addingReportingOverflow(lookahead)
      run.allow(upTo: isEndless ? .max : end)
      return block
    }
  }

  /// The running fetch of one iterator; cancelled when the iterator goes away.
  private final class Run: Sendable {
    /// What has arrived and not been taken.
    let kept: KeptChunks
    private let session: FetchSession
    private let task: Task<Void, Never>

    init(
      _ sequence: VerifiedBlocks,
      _ continuation: AsyncThrowingStream<VerifiedBlock, any Error>.Continuation
    ) {
      let kept = KeptChunks(byteLimit: sequence.lookaheadByteCount)
      let delivery = Delivery(
        output: sequence.request.output, kept: kept, continuation: continuation)
      let session = FetchSession(
        sequence.request, tuning: sequence.tuning, task: .fetch,
        initialAllowance: sequence.lookaheadByteCount, kept: kept
      ) { [onEvent = sequence.onEvent] event in
        delivery.take(event)
        onEvent(event)
      }
      self.session = session
      self.kept = kept
      task = Task {
        do {
          _ = try await session.run()
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
    }

    deinit { task.cancel() }

    func allow(upTo offset: Int) { session.inbox.post(.allow(upTo: offset)) }
  }
}

extension Fetcher {
  /// The chunks of a fetch as they are verified, in file order, those already here included.
  ///
  /// - Parameters:
  ///   - lookaheadByteCount: How far the fetch may run ahead of the loop.
  ///   - onEvent: Called on the fetch's own thread.
  public func verifiedBlocks(
    _ request: FetchRequest, lookaheadByteCount: Int = 64 << 20,
    onEvent: @escaping @Sendable (FetchEvent) -> Void = { _ in }
  ) -> VerifiedBlocks {
    VerifiedBlocks(
      lookaheadByteCount: max(0, lookaheadByteCount), request: request, tuning: tuning,
      onEvent: onEvent)
  }
}
