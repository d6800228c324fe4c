internal import BSTKFormat

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// Where the demonstration keeps its files: a folder that goes away with the value, or a kept one.
final class WorkFolder: Sendable {
  let path: String
  private let isKept: Bool

  /// - Parameter kept: The folder to use and keep; by default a fresh temporary one.
  init(keptAt kept: String?) throws(BSTKError) {
    let fresh = FileManager.default.temporaryDirectory.appending(path: "bstk-demo-\(UUID())").path
    path = kept ?? fresh
    isKept = kept != nil
    do {
      for name in ["published", "client"] {
        try FileManager.default.createDirectory(
          atPath: "\(path)/\(name)", withIntermediateDirectories: true)
      }
    } catch {
      throw BSTKError(.io, "cannot make the folder \(path)")
    }
  }

  deinit {
    if !isKept { try? FileManager.default.removeItem(atPath: path) }
  }
}
