import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@Suite("bstk generate, while the model arrives")
struct GenerateStreamTests {
  private static let prompt = "And the LORD said"

  private let fixture: QualityFixture
  private let bytes: [UInt8]
  private let base: Int

  init() async throws {
    fixture = try await QualityFixture()
    bytes = try fixture.folder.read("m.bstk")
    base = Int(try ModelFile(fixture.model).manifest.header.baseEnd)
  }

  private func answer(_ arguments: [String]) async throws -> String {
    let run = try await Program.run(
      ["generate", fixture.model, Self.prompt, "--max-tokens", "8"] + arguments)
    #expect(run.code == 0, "\(run)")
    return run.output
  }

  /// Talks to a model at an address, a line after the other.
  ///
  /// - Parameter open: Called once the first answer is there.
  private func talk(
    _ server: GatedServer, _ lines: [String], in temporary: TemporaryFolder,
    open: () -> Void
  ) async throws -> (output: String, error: String) {
    try fixture.folder.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: "lines")
    let output = fixture.folder.file("output")
    async let run = Shell.run(
      "TMPDIR='\(temporary.path)' '\(Program.path)' generate '\(server.url)' --interactive"
        + " --max-tokens 8 < '\(fixture.folder.file("lines"))' > '\(output)'; echo \"code $?\"")
    for _ in 0..<2_000 {
      if (try? String(contentsOfFile: output, encoding: .utf8))?.contains("\n") ?? false { break }
      try await Task.sleep(for: .milliseconds(10))
    }
    open()
    let (code, error) = try await run
    return (try String(contentsOfFile: output, encoding: .utf8) + code, error)
  }

  @Test("The first token comes with the base, before 40 % of the file; the rest is left alone")
  func firstToken() async throws {
    #expect(base < bytes.count * 2 / 5)
    // What follows the base never comes.
    let server = try GatedServer(bytes, first: base + 4_000)
    defer { server.stop() }
    let temporary = try TemporaryFolder()
    let run = try await Program.run(
      ["generate", server.url, Self.prompt, "--max-tokens", "8"],
      environment: ["TMPDIR": temporary.path])
    #expect(run.code == 0, "\(run)")
    #expect(try await run.output == answer(["--mb", "\(base)B"]))
    let line = try #require(
      run.error.split(separator: "\n").first { $0.hasPrefix("first token after ") })
    let words = line.split(separator: " ")
    let when = try #require(words.firstIndex(of: "when"))
    let (here, all) = (Double(words[when + 1]), Double(words[when + 3]))
    #expect(try #require(here) < 0.4 * #require(all), "\(line)")
    #expect(run.error.contains("had arrived when the text was done"))
    #expect(try temporary.contents() == [])
  }

  @Test("Once all has arrived the answer is that of the local file, and nothing is left behind")
  func whole() async throws {
    let server = try GatedServer(bytes, first: base + 4_000)
    defer { server.stop() }
    let temporary = try TemporaryFolder()
    let talk = try await talk(
      server, [Self.prompt, "/wait", Self.prompt, "/budget \(base)B", Self.prompt],
      in: temporary, open: server.open)
    let (small, large) = (try await answer(["--mb", "\(base)B"]), try await answer([]))
    #expect(small != large)
    #expect(talk.output == small + large + small + "code 0\n", "\(talk)")
    #expect(talk.error.contains("first token after"))
    #expect(talk.error.contains("blocks dropped"))
    #expect(try temporary.contents() == [])
  }

  @Test("A fetch that breaks is reported, and the conversation goes on with what is here")
  func breaks() async throws {
    let server = try GatedServer(bytes, first: base + 4_000, rest: .missing)
    defer { server.stop() }
    let temporary = try TemporaryFolder()
    let talk = try await talk(
      server, [Self.prompt, "/wait", Self.prompt], in: temporary, open: server.open)
    let small = try await answer(["--mb", "\(base)B"])
    #expect(talk.output.hasPrefix(small) && talk.output.hasSuffix("code 0\n"), "\(talk)")
    #expect(talk.output.components(separatedBy: Self.prompt).count == 3)
    #expect(talk.error.contains("error[REMOTE_MISSING]"))
    #expect(talk.error.contains("the model stays as it is"))
    #expect(try temporary.contents() == [])
  }

  @Test("-o keeps the file and fetches all of it; it is for addresses")
  func kept() async throws {
    let server = try FaultServer(bytes)
    defer { server.stop() }
    let kept = fixture.folder.file("kept.bstk")
    let run = try await Program.run(
      ["generate", server.url(), Self.prompt, "--max-tokens", "2", "-o", kept])
    #expect(run.code == 0 && run.error.contains("kept.bstk: "), "\(run)")
    #expect(try fixture.folder.read("kept.bstk") == bytes)
    let local = try await Program.run(["generate", fixture.model, "a", "-o", kept])
    #expect(local.code == 64 && local.error.contains("-o is for"))
  }
}
