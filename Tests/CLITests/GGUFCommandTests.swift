import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

@Suite("GGUF on the command line")
struct GGUFCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func perplexity(_ model: String) async throws -> Double {
    let run = try await Program.run([
      "eval", model, "--text", "\(BundledModelTests.source)/eval.txt", "--window", "64",
      "--windows", "4", "--json",
    ])
    #expect(run.code == 0, "\(run)")
    let rows = try #require(try run.object()["rows"] as? [[String: Any]])
    return try #require(rows.first?["perplexity"] as? Double)
  }

  @Test("A model goes to GGUF and back, and keeps what it is worth")
  func journey() async throws {
    let (model, file) = (folder.file("m.bstk"), folder.file("m.gguf"))
    #expect(
      try await Program.run([
        "compress", BundledModelTests.source, "-o", model, "--levels", "6",
      ]).code == 0)
    let export = try await Program.run(["export", model, "-o", file, "--gguf", "--json"])
    #expect(export.code == 0, "\(export)")
    #expect(try export.object()["file"] as? String == file)
    #expect(try export.object()["unquantized"] as? [String] == [])
    let before = try await perplexity(model)
    let inside = try await perplexity(file)
    #expect(abs(inside / before - 1) < 0.005, "\(before) \(inside)")
    let again = try await Program.run(["compress", file, "-o", model, "--levels", "6"])
    #expect(again.code == 0, "\(again)")
    let after = try await perplexity(model)
    #expect(abs(after / inside - 1) < 0.2, "\(inside) \(after)")
  }

  @Test("A file that is there is replaced only by force")
  func existing() async throws {
    let model = folder.file("m.bstk")
    _ = try await Program.run([
      "compress", BundledModelTests.source, "-o", model, "--levels", "1",
    ])
    let path = try folder.write([1], to: "m.gguf")
    let refused = try await Program.run(["export", model, "-o", path, "--gguf"])
    #expect(refused.code == 2 && refused.error.contains("error[EXISTS]"))
    #expect(try folder.read("m.gguf") == [1])
    let forced = try await Program.run([
      "export", model, "-o", path, "--gguf", "--type", "q4_0", "--force",
    ])
    #expect(forced.code == 0 && forced.output.hasPrefix(path), "\(forced)")
  }

  @Test("A damaged file is refused before any output, with code and offset")
  func damaged() async throws {
    let path = try folder.write(
      Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 16), to: "m.gguf")
    let commands = [
      ["compress", path, "-o", folder.file("m.bstk")],
      ["calibrate", path, "--text", path, "-o", folder.file("s.safetensors")],
      ["eval", path, "--text", path],
    ]
    for command in commands {
      let run = try await Program.run(command)
      #expect(run.code == 1 && run.output.isEmpty, "\(run)")
      #expect(run.error.contains("error[GGUF]") && run.error.contains("byte offset 8"), "\(run)")
      #expect(run.error.contains("help: download the file again"))
    }
    #expect(try folder.contents() == ["m.gguf"])
  }

  @Test("Options of folders and of GGUF files do not mix")
  func usage() async throws {
    for options in [
      ["--type", "q8_0"], ["--gguf", "--dtype", "fp16"], ["--gguf", "--type", "q2"],
    ] {
      let run = try await Program.run(["export", "m.bstk", "-o", "m.gguf"] + options)
      #expect(run.code == 64 && run.output.isEmpty, "\(run)")
    }
  }
}
