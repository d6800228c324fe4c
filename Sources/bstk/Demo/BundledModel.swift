internal import BSTKFormat

#if canImport(Darwin)
  internal import Foundation
#else
  internal import FoundationEssentials
#endif

/// The small model that comes with the project.
enum BundledModel {
  /// The folder inside `Fixtures`.
  private static let subpath = "models/pd-llama"

  /// Finds the folder: under `BSTK_FIXTURES`, or under `Fixtures` beside or above the current folder
  /// or the program.
  ///
  /// - Throws: `MODEL` when it is nowhere.
  static func locate() throws(BSTKError) -> String {
    if let fixtures = Console.environment("BSTK_FIXTURES"), !fixtures.isEmpty {
      let path = "\(fixtures)/\(subpath)"
      if isModel(path) { return path }
      throw missing("BSTK_FIXTURES has no \(subpath)")
    }
    let here = URL(filePath: FileManager.default.currentDirectoryPath)
    for start in [here, program].compactMap({ $0 }) {
      var folder = start.standardizedFileURL
      for _ in start.pathComponents {
        let path = folder.appending(path: "Fixtures/\(subpath)").path
        if isModel(path) { return path }
        folder.deleteLastPathComponent()
      }
    }
    throw missing("the bundled model is not here")
  }

  /// The file this process runs.
  private static var program: URL? {
    #if canImport(Darwin)
      Bundle.main.executableURL?.resolvingSymlinksInPath()
    #else
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        .map { URL(filePath: $0) }
    #endif
  }

  private static func isModel(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(path)/config.json")
  }

  private static func missing(_ message: String) -> BSTKError {
    BSTKError(
      .model, message,
      remedy: "run it in a checkout of bstk, or name any model folder with --model")
  }
}
