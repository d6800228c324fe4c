internal import BSTKInference
internal import BSTKFormat
internal import BSTKStore
internal import BSTKTransport

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// A model to run: a folder, a file, or a published file of which the needed prefix is fetched.
enum LocalModel {
  /// Opens what is named on the command line.
  ///
  /// The copy of a published file loses its name as soon as it is open, so that nothing is left of
  /// it however the process ends.
  ///
  /// - Parameters:
  ///   - budget: How much of a published file is needed.
  ///   - bar: Shows how far the fetch has come.
  static func open(
    _ name: String, budget: Budget, network: NetworkOptions, bar: StepBar
  ) async throws -> LanguageModel {
    guard SourceAddress.isAddress(name) else { return try LanguageModel(path: name) }
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let request = FetchRequest(
      sources: [name] + network.mirror, output: folder.appending(path: "model.bstk").path,
      budget: budget, options: network.options)
    let task = Task {
      try await Fetcher().fetch(request) { event in
        guard case .progress(let progress) = event else { return }
        bar.update(
          "fetching", completed: progress.storedByteCount, total: progress.totalByteCount)
      }
    }
    let token = Interruption.listen { _ in task.cancel() }
    defer { withExtendedLifetime(token) {} }
    _ = try await task.value
    bar.finish()
    return try LanguageModel(path: request.output)
  }

  /// Makes a folder that nobody else uses.
  static func temporaryFolder() throws(BSTKError) -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bstk-\(UUID())")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw BSTKError(.io, "cannot make the folder \(folder.path)")
    }
    return folder
  }
}
