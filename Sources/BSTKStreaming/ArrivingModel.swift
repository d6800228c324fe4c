internal import BSTKCodec
public import BSTKFormat
public import BSTKInference
internal import BSTKModelFiles
internal import BSTKTokenizer
public import BSTKTransport
internal import Dispatch

/// A published model in use while it is fetched. The fetch begins at once and ends with the value.
///
/// What the fetch leaves on the disk is as after any other: `OUTPUT` once it is whole, before that a
/// state from which the next fetch goes on.
public final class ArrivingModel: Sendable {
  /// What is fetched.
  public let request: FetchRequest
  private let arrivals: Arrivals
  private let task: Task<Void, Never>

  /// Starts the fetch.
  ///
  /// - Parameter onEvent: Called on the fetch's own thread.
  public init(
    _ request: FetchRequest, fetcher: Fetcher = Fetcher(),
    onEvent: @escaping @Sendable (FetchEvent) -> Void = { _ in }
  ) {
    let arrivals = Arrivals()
    self.request = request
    self.arrivals = arrivals
    task = Task {
      do {
        for try await block in fetcher.verifiedBlocks(request, onEvent: onEvent) {
          try await arrivals.add(block)
        }
        arrivals.finish(.success(()))
      } catch is CancellationError {
        arrivals.finish(
          .failure(
            BSTKError(
              .cancelled, "the fetch was stopped",
              remedy: "fetch the same output again; it continues")))
      } catch {
        arrivals.finish(.failure(error))
      }
    }
  }

  deinit { task.cancel() }

  /// Waits for the base and puts it together while it arrives. To be called once.
  ///
  /// Cancelling the task cancels the fetch.
  ///
  /// - Throws: What the fetch throws, `CANCELLED`, `MODEL` where the file lacks configuration or tokenizer, and
  ///   what decoding throws.
  public func base() async throws -> ArrivedBase {
    let parts = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "bstk.streaming", qos: .userInitiated).async { [arrivals] in
          do {
            continuation.resume(returning: try Self.parts(of: arrivals))
          } catch {
            continuation.resume(throwing: error)
          }
        }
      }
    } onCancel: {
      task.cancel()
    }
    return ArrivedBase(
      model: try ResizableModel(parts.weights, configuration: parts.configuration),
      configuration: parts.configuration, tokenizer: parts.tokenizer)
  }

  /// What the base is made of. Blocks the thread until it has arrived.
  private static func parts(
    of arrivals: Arrivals
  ) throws -> (weights: WeightAssembly, configuration: ModelConfiguration, tokenizer: Tokenizer) {
    let manifest = try arrivals.wait(for: 0).manifest
    let decoder = try ChunkDecoder()
    var assembly = WeightAssembly(manifest)
    func append(before end: Int) throws {
      while assembly.chunkCount < end {
        let chunk = assembly.chunkCount
        let stored = try arrivals.take(chunk, upTo: arrivals.wait(for: chunk))
        try assembly.append(stored: stored.span, decoder: decoder, isVerified: true)
      }
    }
    // Files come before weights, so reading the tokenizer costs no time of the download.
    try append(before: manifest.tileCount)
    guard let json = assembly.auxiliaryFile("config.json") else {
      throw BSTKError(.model, "the model has no config.json")
    }
    let configuration = try ModelConfiguration(json: json.span)
    let tokenizer = try Tokenizer(files: { assembly.auxiliaryFile($0) })
    try append(before: manifest.baseChunkCount)
    return (assembly, configuration, tokenizer)
  }

  // MARK: Growing

  /// Adds the blocks that have arrived since the last time; never waits.
  ///
  /// - Parameters:
  ///   - model: The one from ``base()``.
  ///   - limit: The leading chunks that it may have for now. What arrives behind them is not held in
  ///     memory, and read from the disk when the limit rises.
  /// - Returns: The number of blocks.
  /// - Throws: `IO` or `CHUNK_HASH` where a chunk must be read and cannot be, and what decoding
  ///   throws; the model then has the blocks before it.
  @discardableResult
  public func grow(
    _ model: inout ResizableModel, toChunks limit: Int = .max
  ) throws(BSTKError) -> Int {
    arrivals.hold(before: limit)
    guard let last = arrivals.last else { return 0 }
    let start = model.chunkCount
    let end = min(limit, last.index + 1)
    guard start < end else { return 0 }
    let decoder = try ChunkDecoder()
    while model.chunkCount < end {
      let stored = try arrivals.take(model.chunkCount, upTo: last)
      try model.append(stored: stored.span, decoder: decoder, isVerified: true)
    }
    return end - start
  }

  // MARK: The fetch

  /// The bytes of the prefix that has arrived and is verified.
  public var arrivedByteCount: UInt64 { arrivals.last?.prefixByteCount ?? 0 }

  /// How the fetch has ended; nil while it runs. After success the output is whole.
  public var end: Result<Void, any Error>? { arrivals.end }

  /// Waits until all that the budget buys is in the output.
  ///
  /// - Throws: What the fetch throws.
  public func finish() async throws {
    await task.value
    try arrivals.end?.get()
  }

  /// Stops the fetch and waits until nothing of it runs any more.
  public func stop() async {
    task.cancel()
    await task.value
  }
}
