import Foundation
import Subprocess
import Testing

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// The built `bstk`, run as a user runs it.
enum Program {
  /// What a run came to.
  struct Run {
    let code: Int32
    let output: String
    let error: String

    /// The output as one JSON object.
    func object() throws -> [String: Any] {
      try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    /// The output as JSON objects, one a line.
    func events() throws -> [[String: Any]] {
      try output.split(separator: "\n").map { line in
        try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
    }
  }

  /// The binary beside the test bundle.
  static let path: String = {
    let arguments = CommandLine.arguments
    var folders = [URL(filePath: arguments.first ?? "").deletingLastPathComponent()]
    // On macOS the runner gets the bundle as an argument, and its folder is two levels up.
    folders += arguments.filter { $0.contains(".xctest") }.map { argument in
      URL(
        filePath: String(
          argument.prefix(upTo: argument.range(of: ".xctest")?.upperBound ?? argument.endIndex))
      )
      .deletingLastPathComponent()
    }
    let paths = folders.map { $0.appending(path: "bstk").path }
    return paths.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "bstk-was-not-built"
  }()

  /// Runs `bstk` to its end.
  ///
  /// - Parameter body: What happens meanwhile; it may send signals.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil,
    while body: (_ send: (Signal) throws -> Void) async throws -> Void = { _ in }
  ) async throws -> Run {
    var updates: [Environment.Key: String?] = ["NO_COLOR": "1"]
    for (name, value) in environment { updates[Environment.Key(stringLiteral: name)] = value }
    let result = try await Subprocess.run(
      .path(FilePath(path)), arguments: Arguments(arguments),
      environment: .inherit.updating(updates), workingDirectory: folder.map { FilePath($0) },
      input: .none, output: .string(limit: 1 << 22), error: .string(limit: 1 << 22)
    ) { process in
      try await body { try process.send(signal: $0) }
    }
    let code: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    return Run(
      code: code, output: result.standardOutput, error: result.standardError)
  }
}
