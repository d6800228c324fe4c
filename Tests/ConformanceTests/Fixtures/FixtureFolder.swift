import Foundation

/// The committed test files.
enum FixtureFolder {
  /// The package's root.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static let folder = root.appending(path: "Fixtures/v1")

  /// Whether the run is to write the files anew instead of comparing them.
  static let isRecording = ProcessInfo.processInfo.environment["BSTK_RECORD_FIXTURES"] == "1"

  /// The path of a file below `Fixtures/v1`.
  static func path(_ name: String) -> String { folder.appending(path: name).path }

  static func read(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appending(path: name)))
  }

  static func write(_ bytes: [UInt8], to name: String) throws {
    let url = folder.appending(path: name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// The names below `Fixtures/v1`, sorted.
  static func contents(_ subfolder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(subfolder)).sorted()
      .map { "\(subfolder)/\($0)" }
  }

  /// Removes what an earlier recording wrote and this one does not.
  static func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: path(name))
  }
}
