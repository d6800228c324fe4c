internal import BSTKFormat
internal import BSTKStore

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// A folder that appears under its final name only when it is whole: filled as a hidden sibling,
/// then renamed. Unless ``commit()`` succeeds, going away removes every trace.
struct OutputFolder: ~Copyable {
  private let path: String
  private let temporaryPath: String
  private let replacesExisting: Bool

  /// Creates the sibling.
  ///
  /// - Throws: `EXISTS` when something is at `path` that must not be replaced, `IO` when the
  ///   sibling cannot be made.
  init(_ path: String, replacesExisting: Bool) throws(BSTKError) {
    var trimmed = path
    while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    try Self.check(trimmed, replacesExisting: replacesExisting)
    let temporaryPath = FileSystem.temporarySibling(of: trimmed)
    try Self.run("create", temporaryPath) {
      try FileManager.default.createDirectory(
        atPath: temporaryPath, withIntermediateDirectories: false)
    }
    self.path = trimmed
    self.temporaryPath = temporaryPath
    self.replacesExisting = replacesExisting
  }

  deinit {
    // The temporary name is gone after a commit; otherwise nothing better than trying is possible.
    try? FileManager.default.removeItem(atPath: temporaryPath)
  }

  /// The path of a file to be written in the folder, whose own folders are made.
  ///
  /// - Parameter name: A name that passed the format's rules for files.
  func file(_ name: String) throws(BSTKError) -> String {
    let file = "\(temporaryPath)/\(name)"
    let folder = FileSystem.folder(of: file)
    try Self.run("create", folder) {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    }
    return file
  }

  /// Writes a small file.
  func write(_ bytes: Span<UInt8>, to name: String) throws(BSTKError) {
    var output = try AtomicOutput(file(name))
    try output.append(bytes)
    try output.commit()
  }

  /// Gives the folder its name.
  ///
  /// - Throws: `EXISTS` or `IO`; the temporary folder is removed then.
  consuming func commit() throws(BSTKError) {
    try Self.check(path, replacesExisting: replacesExisting)
    guard FileSystem.exists(path), replacesExisting else {
      // An empty folder is replaced by the renaming.
      try FileSystem.rename(temporaryPath, to: path)
      return
    }
    let old = FileSystem.temporarySibling(of: path, suffix: "old")
    try FileSystem.rename(path, to: old)
    do {
      try FileSystem.rename(temporaryPath, to: path)
    } catch {
      try FileSystem.rename(old, to: path)
      throw error
    }
    try Self.run("remove", old) { try FileManager.default.removeItem(atPath: old) }
  }

  /// Refuses to replace anything but an empty folder, or a model's folder when that is wanted.
  private static func check(_ path: String, replacesExisting: Bool) throws(BSTKError) {
    guard FileSystem.exists(path) else { return }
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    guard type == .typeDirectory else {
      throw BSTKError(
        .exists, "\(path) exists and is not a folder", remedy: "name a folder that does not exist")
    }
    var names: [String] = []
    try run("list", path) { names = try FileManager.default.contentsOfDirectory(atPath: path) }
    if names.isEmpty { return }
    guard replacesExisting else {
      throw BSTKError(
        .exists, "the folder \(path) exists and is not empty",
        remedy: "name a folder that does not exist, or force the replacement")
    }
    guard names.contains("config.json") else {
      throw BSTKError(
        .exists, "the folder \(path) is not a model's folder and is not replaced",
        remedy: "name a folder that does not exist")
    }
  }

  private static func run(
    _ action: String, _ path: String, _ body: () throws -> Void
  ) throws(BSTKError) {
    do {
      try body()
    } catch {
      throw BSTKError(.io, "cannot \(action) \(path): \(error)", remedy: "check the path")
    }
  }
}
