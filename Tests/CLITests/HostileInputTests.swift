import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

/// What is wrong with an input.
enum Damage: String, CaseIterable, Sendable {
  case missing, empty, otherFormat, webPage, shortHeader, cutIndex, cutBase, headerBit, indexBit
  case chunkBit, overlong, folder

  /// The code a message must carry, where the command looks that far.
  var code: String {
    switch self {
    case .missing, .folder: "IO"
    case .empty, .shortHeader, .cutIndex, .cutBase: "TOO_SHORT"
    case .otherFormat, .webPage: "MAGIC"
    case .headerBit: "HEADER_CRC"
    case .indexBit: "INDEX_HASH"
    case .chunkBit: "CHUNK_HASH"
    case .overlong: "OVERLONG"
    }
  }

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
    case .cutBase: bytes = Array(bytes.prefix(Int(manifest.header.baseEnd - 1)))
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
  /// Commands, with `IN` and `OUT` for the paths, and what they do not mind.
  static let commands: [(arguments: [String], accepts: Damage?)] = [
    // Only header and index are read.
    (["inspect", "IN"], .chunkBit), (["inspect", "IN", "--json"], .chunkBit),
    (["plan", "IN"], .chunkBit),
    // What is too much is cut off.
    (["trim", "IN"], .overlong), (["trim", "IN", "-o", "OUT"], .overlong),
    (["verify", "IN"], nil), (["verify", "IN", "--json"], nil),
    (["export", "IN", "-o", "OUT"], nil), (["export", "IN", "-o", "OUT", "--json"], nil),
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
      if damage == command.accepts {
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
