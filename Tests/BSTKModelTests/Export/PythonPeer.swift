import Foundation
import Subprocess
import Testing

/// A Python interpreter with the libraries that files are exchanged with.
///
/// `BSTK_PYTHON` names the interpreter; without it, `python3` on the path is taken.
struct PythonPeer {
  private let interpreter = ProcessInfo.processInfo.environment["BSTK_PYTHON"] ?? "python3"

  private init() {}

  /// The interpreter, or nil with a printed reason when it or one of the modules is missing.
  static func having(_ modules: String...) async -> PythonPeer? {
    let peer = PythonPeer()
    let script = "import \(modules.joined(separator: ", "))"
    if (try? await peer.run(script)) != nil { return peer }
    print("skipped: no python3 with \(modules.joined(separator: ", ")); BSTK_PYTHON can name one")
    return nil
  }

  /// A script failed.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs a script and returns what it printed.
  func run(_ script: String, _ arguments: String...) async throws -> String {
    let result = try await Subprocess.run(
      .name("env"), arguments: Arguments([interpreter, "-c", script] + arguments),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    guard result.terminationStatus.isSuccess else {
      throw Failure(description: result.standardError)
    }
    return result.standardOutput
  }
}
