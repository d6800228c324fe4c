import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@testable import bstk

@Suite("bstk generate")
struct GenerateTests {
  private static let prompt = "And the LORD said"

  @Test("Greedy text is the same every time and begins with the prompt; a seed decides otherwise")
  func deterministic() async throws {
    let fixture = try await QualityFixture()
    func text(_ arguments: [String]) async throws -> String {
      let run = try await Program.run(
        ["generate", fixture.model, Self.prompt, "--max-tokens", "12"] + arguments)
      #expect(run.code == 0, "\(run)")
      return run.output
    }
    let greedy = try await text([])
    #expect(greedy.hasPrefix(Self.prompt) && greedy.count > Self.prompt.count + 4)
    #expect(greedy.hasSuffix("\n"))
    #expect(try await text([]) == greedy)
    #expect(try await text(["--temperature", "1", "--top-k", "1"]) == greedy)
    let sampled = ["--temperature", "1.5", "--seed", "3"]
    #expect(try await text(sampled) == text(sampled))
    #expect(try await text(sampled) != greedy)
  }

  @Test("A conversation: prompts are answered, /budget resizes, the answer is that size's")
  func interactive() async throws {
    let fixture = try await QualityFixture()
    let manifest = try ModelFile(fixture.model).manifest
    let base = manifest.header.baseEnd
    let lines = [
      Self.prompt, "/budget \(base)B", Self.prompt, "/budget 0.1", "/budget", "/help", "",
      "/budget 99", Self.prompt, "/quit", "never read",
    ]
    try fixture.folder.write(Array(lines.joined(separator: "\n").utf8), to: "lines")
    let run = try await Shell.run(
      "'\(Program.path)' generate '\(fixture.model)' --interactive --max-tokens 8"
        + " < '\(fixture.folder.file("lines"))'; echo \"code $?\"")
    var expected = ""
    for arguments in [[], ["--mb", "\(base)B"], []] {
      expected += try await Program.run(
        ["generate", fixture.model, Self.prompt, "--max-tokens", "8"] + arguments
      ).output
    }
    #expect(run.output == expected + "code 0\n")
    let count = manifest.chunks.count - manifest.baseChunkCount
    #expect(run.error.contains("\(count) blocks dropped"))
    #expect(run.error.contains("\(count) blocks loaded"))
    #expect(run.error.components(separatedBy: "error[BUDGET_TOO_SMALL]").count == 2)
    #expect(run.error.components(separatedBy: "commands: /budget").count == 3)
  }

  @Test(
    "Bad input: one clear message and an exit code that tells",
    arguments: [
      (["m.bstk"], 64, "prompt"), (["m.bstk", "a", "--temperature", "-1"], 64, "--temperature"),
      (["m.bstk", "a", "--top-k", "0"], 64, "--top-k"),
      (["m.bstk", "a", "--top-p", "1.5"], 64, "--top-p"),
      (["m.bstk", "a", "--max-tokens", "0"], 64, "--max-tokens"),
      (["m.bstk", "a", "--mb", "0.01"], 1, "error[BUDGET_TOO_SMALL]"),
      (["missing.bstk", "a"], 2, "error[IO]"), (["evaluation.txt", "a"], 1, "error["),
      ([".", "a"], 1, "error[MODEL]"), (["file:///does/not/exist.bstk", "a"], 2, "error["),
    ] as [([String], Int32, String)])
  func refusals(_ arguments: [String], _ code: Int32, _ message: String) async throws {
    let fixture = try await QualityFixture()
    let run = try await Program.run(["generate"] + arguments, in: fixture.folder.path)
    #expect(run.code == code && run.output.isEmpty, "\(arguments): \(run)")
    #expect(run.error.contains(message), "\(arguments): \(run)")
  }

  @Test("An address is fetched as far as the budget goes, and nothing of it is left")
  func address() async throws {
    let fixture = try await QualityFixture()
    let temporary = try TemporaryFolder()
    let base = try ModelFile(fixture.model).manifest.header.baseEnd
    let arguments = [Self.prompt, "--max-tokens", "8", "--mb", "\(base)B"]
    let local = try await Program.run(["generate", fixture.model] + arguments)
    let remote = try await Program.run(
      ["generate", "file://" + fixture.model] + arguments, environment: ["TMPDIR": temporary.path])
    #expect(remote.code == 0 && remote.output == local.output, "\(remote)")
    #expect(try temporary.contents() == [])
  }

  @Test("What would command the terminal is not printed")
  func printable() {
    #expect(GenerationSession.printable("a\u{1B}[2Jb\u{9B}\r\n\tü\u{7F}") == "a[2Jb\n\tü")
  }
}
