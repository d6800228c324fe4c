internal import BSTKFormat
internal import Dispatch

/// Fetches prefixes of published files. A fetcher has no state; one may serve many fetches.
public struct Fetcher: Sendable {
  let tuning: FetchTuning

  /// Makes a fetcher.
  public init() { tuning = FetchTuning() }

  init(tuning: FetchTuning) { self.tuning = tuning }

  /// Makes or grows the output to the cut that the budget buys.
  ///
  /// Cancelling the task, like any error, leaves `OUTPUT.part` and its journal behind, and the next
  /// fetch of the same output continues from them. An existing output is never made shorter.
  ///
  /// - Parameter onEvent: Called on the fetch's own thread.
  /// - Throws: ``BSTKError``: the format's codes, the transport's, `CANCELLED`, `IO`.
  @discardableResult
  public func fetch(
    _ request: FetchRequest, onEvent: @escaping @Sendable (FetchEvent) -> Void = { _ in }
  ) async throws -> FetchSummary {
    let session = FetchSession(request, tuning: tuning, task: .fetch, onEvent: onEvent)
    let outcome = try await session.run()
    guard case .fetched(let summary) = outcome else { throw CancellationError() }
    return summary
  }

  /// Reads header and index of a published file: one request for any ordinary file.
  ///
  /// - Parameters:
  ///   - source: An address as in ``FetchRequest/sources``.
  /// - Throws: As ``fetch(_:onEvent:)``.
  public func manifest(
    of source: String, options: FetchOptions = FetchOptions()
  ) async throws -> RemoteManifest {
    let request = FetchRequest(sources: [source], output: "", options: options)
    let session = FetchSession(request, tuning: tuning, task: .open, onEvent: { _ in })
    let outcome = try await session.run()
    guard case .opened(let manifest) = outcome else { throw CancellationError() }
    return manifest
  }
}
