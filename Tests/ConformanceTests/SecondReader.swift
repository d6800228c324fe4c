import Foundation
import Subprocess

/// `Spec/v1/reader.py`, the reader in Python that was written from the Spec.
enum SecondReader {
  /// Whether Python is there to run it.
  static let isAvailable = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .contains { FileManager.default.isExecutableFile(atPath: "\($0)/python3") }

  /// What it says about a file.
  struct View: Decodable {
    struct Extensions: Decodable {
      struct Quality: Decodable {
        let label: String
        let source: Double?
        let points: [[Double]]
      }

      let provenance: String?
      let worths: [Float]?
      let quality: Quality?
    }

    let file: String
    let code: String?
    let stage: FixtureCase.Stage?
    let state: String?
    let verifiedState: String?
    let root: String?
    let chunks: Int?
    let baseChunks: Int?
    let verifiedChunks: Int?
    let blocks: Int?
    let payloads: [String?]?
    let names: [String]?
    let offsets: [UInt64]?
    let matrices: [[[Double]]]?
    let extensions: Extensions?
  }

  /// Runs it on some files.
  static func views(of paths: [String]) async throws -> [View] {
    let script = FixtureFolder.root.appending(path: "Spec/v1/reader.py").path
    let result = try await run(
      .name("python3"), arguments: Arguments([script] + paths), output: .string(limit: 64 << 20),
      error: .string(limit: 1 << 20))
    guard result.terminationStatus.isSuccess else {
      throw Failure(message: result.standardError)
    }
    return try result.standardOutput.split(separator: "\n").map { line in
      try JSONDecoder().decode(View.self, from: Data(line.utf8))
    }
  }

  struct Failure: Error {
    let message: String
  }
}
