import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

@Suite("inspect, plan, verify and trim on a good model")
struct ModelCommandTests {
  let folder: TemporaryFolder
  let model: String
  let manifest: Manifest

  init() throws {
    folder = try TemporaryFolder()
    model = folder.file("m.bstk")
    manifest = try SyntheticModel().write(to: model)
  }

  /// The first `count` bytes of the model as a file of their own.
  private func prefix(_ count: UInt64) throws -> String {
    try folder.write(Array(folder.read("m.bstk").prefix(Int(count))), to: "prefix-\(count).bstk")
  }

  @Test("inspect --json agrees with the manifest")
  func inspectJSON() async throws {
    let run = try await Program.run(["inspect", model, "--json"])
    #expect(run.code == 0 && run.error.isEmpty)
    let object = try run.object()
    #expect(object["published_bytes"] as? UInt64 == manifest.header.storedByteCount)
    #expect(object["base_bytes"] as? UInt64 == manifest.header.baseEnd)
    #expect(object["provenance"] as? String == "synthetic seed=1")
    let matrices = try #require(object["matrices"] as? [[String: Any]])
    #expect(matrices.compactMap { $0["name"] as? String } == manifest.matrices.map(\.name))
    #expect(matrices.compactMap { $0["levels"] as? Int } == manifest.matrices.map(\.levelCount))
    let order = try #require(object["order"] as? [[String: Any]])
    #expect(order.compactMap { $0["offset"] as? UInt64 } == manifest.chunkOffsets)
    let state = try #require(object["prefix"] as? [String: Any])
    #expect(state["state"] as? String == "COMPLETE")
  }

  @Test("inspect for people names every tensor, and every chunk with --order")
  func inspectText() async throws {
    let run = try await Program.run(["inspect", model, "--order"])
    #expect(run.code == 0)
    for matrix in manifest.matrices { #expect(run.output.contains(matrix.name)) }
    for object in manifest.objects { #expect(run.output.contains(object.name)) }
    #expect(run.output.contains("COMPLETE"))
    #expect(run.output.split(separator: "\n").count > manifest.chunks.count)
    #expect(!run.output.contains("\u{1B}"))
  }

  @Test("Equal input gives equal output")
  func deterministic() async throws {
    let first = try await Program.run(["inspect", model, "--json"]).output
    #expect(try await Program.run(["inspect", model, "--json"]).output == first)
  }

  @Test("plan buys the largest cut, byte for byte, and says what the next block costs")
  func plan() async throws {
    for chunks in manifest.baseChunkCount...manifest.chunks.count {
      let cut = manifest.cut(afterChunks: chunks)
      let isLast = chunks == manifest.chunks.count
      let extra: UInt64 = isLast ? 0 : manifest.chunkEnd(chunks) - cut.fileByteCount - 1
      let run = try await Program.run(
        ["plan", model, "--mb", "\(cut.fileByteCount + extra)B", "--json"])
      let object = try run.object()
      #expect(object["file_bytes"] as? UInt64 == cut.fileByteCount)
      #expect(object["blocks"] as? Int == cut.blockCount)
      #expect(object["left_over_bytes"] as? UInt64 == extra)
      let next = object["next"] as? [String: Any]
      #expect(next?["file_bytes"] as? UInt64 == (isLast ? nil : manifest.chunkEnd(chunks)))
    }
  }

  @Test("A budget below the base exits with 1 and names the least that would do")
  func tooSmall() async throws {
    let bytes = manifest.header.baseEnd - 1
    for command in ["plan", "trim"] {
      let run = try await Program.run([command, model, "--mb", "\(bytes)B"])
      #expect(run.code == 1 && run.output.isEmpty)
      #expect(run.error.contains("error[BUDGET_TOO_SMALL]"))
      #expect(run.error.contains("(\(manifest.header.baseEnd) bytes)"))
      #expect(run.error.contains("help: "))
    }
    #expect(try folder.read("m.bstk").count == Int(manifest.header.storedByteCount))
  }

  @Test("verify names the state of every cut and exits with 1 below the base")
  func verifyCuts() async throws {
    let end = manifest.header.storedByteCount
    for count in stride(from: 0, through: end, by: Int(end / 40) + 1).map({ $0 }) + [end] {
      let run = try await Program.run(["verify", try prefix(count)])
      let expected = manifest.state(ofByteCount: count)
      if count >= manifest.header.baseEnd {
        #expect(run.code == 0)
        #expect(run.output.contains(expected.description), "\(count)")
      } else {
        #expect(run.code == 1)
        #expect(run.error.contains("error[TOO_SHORT]"))
      }
    }
  }

  @Test("verify --strict refuses an unfinished chunk at the end, plain verify reports it")
  func strict() async throws {
    let path = try prefix(manifest.header.storedByteCount - 1)
    let plain = try await Program.run(["verify", path])
    #expect(plain.code == 0 && plain.output.contains("+TAIL("))
    let strict = try await Program.run(["verify", path, "--strict"])
    #expect(strict.code == 1 && strict.error.contains("unfinished chunk"))
    #expect(try await Program.run(["verify", model, "--strict"]).code == 0)
  }

  @Test("verify --root accepts the model's own digest and no other")
  func root() async throws {
    let digest = try #require(
      try await Program.run(["verify", model, "--json"]).object()["root_digest"] as? String)
    #expect(try await Program.run(["verify", model, "--root", digest]).code == 0)
    let other = String(digest.reversed())
    let run = try await Program.run(["verify", model, "--root", other])
    #expect(run.code == 1 && run.error.contains("error[ROOT_DIGEST]"))
  }

  @Test("trim leaves exactly the prefix, in place and in another file")
  func trim() async throws {
    let original = try folder.read("m.bstk")
    let cut = manifest.cut(afterChunks: manifest.baseChunkCount + 1)
    let expected = Array(original.prefix(Int(cut.fileByteCount)))
    let copy = try await Program.run(
      ["trim", model, "--blocks", "\(cut.blockCount)", "-o", folder.file("small.bstk")])
    #expect(copy.code == 0)
    #expect(try folder.read("small.bstk") == expected)
    #expect(try folder.read("m.bstk") == original)
    let inPlace = try await Program.run(["trim", model, "--mb", "\(cut.fileByteCount)B", "--json"])
    #expect(try inPlace.object()["bytes"] as? UInt64 == cut.fileByteCount)
    #expect(try folder.read("m.bstk") == expected)
    #expect(try folder.contents() == ["m.bstk", "small.bstk"])
  }

  @Test("Output that cannot be written is a failure", arguments: ["", "--json"])
  func fullOutput(json: String) async throws {
    for command in ["plan", "inspect", "verify"] {
      let run = try await Shell.run(
        "'\(Program.path)' \(command) '\(model)' \(json) >/dev/full; echo $?")
      #expect(run.output == "2\n", "\(run)")
      #expect(run.error.contains("error[IO]: standard output cannot be written: No space left"))
    }
    let run = try await Shell.run("'\(Program.path)' plan none \(json) >/dev/full; echo $?")
    #expect(run.output == "2\n" && run.error.contains("cannot open none"), "\(run)")
  }

  @Test("A reader that goes away, such as head, is no error")
  func brokenPipe() async throws {
    let run = try await Shell.run(
      "'\(Program.path)' inspect '\(model)' --order | head -n 1; echo ${PIPESTATUS[0]}")
    #expect(run.output.hasSuffix("\n0\n"))
    #expect(run.error.isEmpty)
  }
}
