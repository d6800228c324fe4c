internal import BSTKFormat
internal import BSTKInference
internal import BSTKStore
internal import BSTKStreaming
internal import BSTKTransport
internal import Synchronization

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// A published file in use while it arrives, in a file that is kept or in one that goes away.
final class PublishedModel: Sendable {
  /// The model's arrival.
  let arriving: ArrivingModel
  /// The folder of a file that goes away; nil where the file is kept.
  private let folder: URL?
  /// Whether somebody looks at how far the fetch is.
  private let isAwaited: AwaitedFlag

  private final class AwaitedFlag: Sendable {
    let isSet = Atomic(true)
  }

  /// Starts the fetch.
  ///
  /// - Parameters:
  ///   - output: The file to keep; nil for one that goes away.
  ///   - bar: Shows how far the fetch is while it is waited for.
  init(
    _ address: String, budget: Budget, output: String?, network: NetworkOptions, bar: StepBar
  ) throws {
    folder = output == nil ? try LocalModel.temporaryFolder() : nil
    let path = output ?? folder?.appending(path: "model.bstk").path ?? ""
    let flag = AwaitedFlag()
    isAwaited = flag
    arriving = ArrivingModel(
      FetchRequest(
        sources: [address] + network.mirror, output: path, budget: budget,
        options: network.options)
    ) { event in
      guard case .progress(let progress) = event, flag.isSet.load(ordering: .relaxed) else {
        return
      }
      bar.update(
        "fetching", completed: progress.storedByteCount, total: progress.totalByteCount)
    }
  }

  deinit { removeFolder() }

  /// Waits for the base. Ctrl-C stops the fetch.
  func base() async throws -> ArrivedBase {
    let token = Interruption.listen { [arriving] _ in Task { await arriving.stop() } }
    defer { withExtendedLifetime(token) {} }
    defer { isAwaited.isSet.store(false, ordering: .relaxed) }
    return try await arriving.base()
  }

  /// Opens the whole file; one that is not kept loses its name now, so that nothing is left of it
  /// however the process ends.
  func open() throws(BSTKError) -> ModelFile {
    let file = try ModelFile(arriving.request.output)
    removeFolder()
    return file
  }

  /// Waits for the rest. Ctrl-C stops the fetch.
  func finish() async throws {
    isAwaited.isSet.store(true, ordering: .relaxed)
    let token = Interruption.listen { [arriving] _ in Task { await arriving.stop() } }
    defer { withExtendedLifetime(token) {} }
    try await arriving.finish()
  }

  /// Removes a file that is not kept.
  func removeFolder() {
    if let folder { try? FileManager.default.removeItem(at: folder) }
  }

  /// What the fetch's budget buys.
  func cut(of manifest: Manifest) throws(BSTKError) -> Cut {
    try manifest.cut(within: arriving.request.budget)
  }

  /// How much of what is fetched is here, such as `0.46 of 1.44 MB`.
  func arrivedText(_ manifest: Manifest) -> String {
    let total = (try? cut(of: manifest))?.fileByteCount ?? arriving.arrivedByteCount
    return ByteFormat.part(arriving.arrivedByteCount, of: total)
  }
}
