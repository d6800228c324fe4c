import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@Suite("bstk import")
struct ImportTests {
  /// A checkpoint of the reference code, nil with a printed reason where it is missing.
  private static var checkpoint: String? {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../shared/models/pd-llama-bitstack-k4").standardizedFileURL.path
    if FileManager.default.fileExists(atPath: path) { return path }
    print("skipped: no checkpoint at ../shared/models/pd-llama-bitstack-k4")
    return nil
  }

  @Test("A real checkpoint becomes a file that verifies, the same every time")
  func imports() async throws {
    guard let checkpoint = Self.checkpoint else { return }
    let folder = try TemporaryFolder()
    for name in ["a.bstk", "b.bstk"] {
      let run = try await Program.run(
        ["import", checkpoint, "-o", folder.file(name), "--json"])
      #expect(run.code == 0, "\(run)")
      #expect(try run.object()["provenance"] as? String == "bstk import\nlayout=BitStack")
    }
    #expect(try folder.read("a.bstk") == folder.read("b.bstk"))
    let verify = try await Program.run(["verify", folder.file("a.bstk"), "--strict"])
    #expect(verify.code == 0, "\(verify)")
    let matrices = try ModelFile(folder.file("a.bstk")).manifest.matrices
    #expect(matrices.count == 28 && matrices.allSatisfy { $0.levelCount == 8 })
    #expect(try folder.contents() == ["a.bstk", "b.bstk"])
  }

  @Test("A damaged checkpoint leaves nothing, and an older file as it was")
  func refuses() async throws {
    guard let checkpoint = Self.checkpoint else { return }
    let folder = try TemporaryFolder()
    let copy = folder.file("checkpoint")
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: "\(checkpoint)/\(name)", toPath: "\(copy)/\(name)")
    }
    try folder.write(Array("older".utf8), to: "m.bstk")
    for schedule in [nil, "", "[]", "[{}]", "[{\"memory\": 1, \"layers\": {}}]", "nonsense"] {
      if let schedule {
        try folder.write(Array(schedule.utf8), to: "checkpoint/compression_config.json")
      }
      let run = try await Program.run(["import", copy, "-o", folder.file("m.bstk")])
      #expect(run.code == (schedule == nil ? 2 : 1) && run.output.isEmpty, "\(run)")
      #expect(run.error.hasPrefix("error["))
      #expect(try folder.contents() == ["checkpoint", "m.bstk"])
      #expect(try folder.read("m.bstk") == Array("older".utf8))
    }
  }
}
