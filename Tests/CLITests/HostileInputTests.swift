import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

/// What is wrong with an input.
enum Damage: String, CaseIterable, Sendable {
  case missing, empty, otherFormat, webPage, shortHeader, cutIndex, headerBit, indexBit, chunkBit
  case overlong, folder

  /// The code a message must carry, where the command looks that far.
  var code: String {
    switch self {
    case .missing, .folder: "IO"
    case .empty, .shortHeader, .cutIndex: "TOO_SHORT"
    case .otherFormat, .webPage: "MAGIC"
    case .headerBit: "HEADER_CRC"
    case .indexBit: "INDEX_HASH"
    case .chunkBit: "CHUNK_HASH"
    case .overlong: "OVERLONG"
    }
  }

  /// Whether header and index are as published, so that only a check of the rest finds the damage.
  var isBehindIndex: Bool { self == .chunkBit || self == .overlong }

  /// Puts the damaged input into `folder` and returns its path.
  func make(in folder: TemporaryFolder) throws -> String {
    let manifest = try SyntheticModel().write(to: folder.file("good"))
    var bytes = try folder.read("good")
    try FileManager.default.removeItem(atPath: folder.file("good"))
    let indexEnd = Int(manifest.header.indexEnd)
    switch self {
    case .missing: return folder.file("input.bstk")
    case .folder:
      try FileManager.default.createDirectory(
        atPath: folder.file("input.bstk"), withIntermediateDirectories: false)
      return folder.file("input.bstk")
    case .empty: bytes = []
    case .otherFormat: bytes = Array("PK\u{3}\u{4}".utf8) + bytes
    case .webPage: bytes = Array("<!doctype html><h1>404</h1>".utf8)
    case .shortHeader: bytes = Array(bytes.prefix(100))
    case .cutIndex: bytes = Array(bytes.prefix(indexEnd - 1))
    case .headerBit: bytes[20] ^= 1
    case .indexBit: bytes[indexEnd - 20] ^= 1
    case .chunkBit: bytes[Int(manifest.header.storedByteCount) - 3] ^= 1
    case .overlong: bytes += [0]
    }
    return try folder.write(bytes, to: "input.bstk")
  }
}

@Suite("Bad input to every command that reads a model")
struct HostileInputTests {
  /// Commands, with `IN` and `OUT` for the paths. Those that look behind the index are marked.
  static let commands: [(arguments: [String], readsChunks: Bool)] = [
    (["inspect", "IN"], false), (["inspect", "IN", "--json"], false), (["plan", "IN"], false),
    (["trim", "IN"], false), (["trim", "IN", "-o", "OUT"], false), (["verify", "IN"], true),
    (["verify", "IN", "--json"], true), (["export", "IN", "-o", "OUT"], true),
    (["export", "IN", "-o", "OUT", "--json"], true),
  ]

  @Test(
    "One clear message, exit code 1 or 2, and nothing under the final name",
    arguments: Damage.allCases)
  func refused(_ damage: Damage) async throws {
    for command in Self.commands {
      let folder = try TemporaryFolder()
      let input = try damage.make(in: folder)
      let before = try folder.contents()
      let output = folder.file("out")
      let arguments = command.arguments.map { $0 == "IN" ? input : $0 == "OUT" ? output : $0 }
      let run = try await Program.run(arguments)
      if damage.isBehindIndex, !command.readsChunks {
        #expect(run.code == 0, "\(arguments)")
        continue
      }
      #expect(run.code == (damage.code == "IO" ? 2 : 1), "\(arguments): \(run)")
      let text = run.output + run.error
      #expect(text.contains(damage.code), "\(arguments): \(run)")
      if arguments.contains("--json") {
        let error = try #require(try run.object()["error"] as? [String: Any])
        #expect(error["code"] as? String == damage.code)
        #expect(error["message"] is String && run.error.isEmpty)
      } else {
        #expect(run.error.hasPrefix("error[\(damage.code)]: "), "\(arguments): \(run)")
        #expect(run.error.components(separatedBy: "error[").count == 2)
      }
      #expect(try folder.contents() == before, "\(arguments)")
    }
  }
}
