import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

@Suite("Budgets that follow the machine's memory")
struct MemoryCommandTests {
  @Test("plan --fit says what is free and kept back, and plans what fits")
  func plan() async throws {
    let fixture = try FetchFixture()
    try fixture.client.write(fixture.file, to: "m.bstk")
    for option in [["--fit"], ["--ram", "auto"], ["--fit", "--ram", "AUTO"]] {
      let run = try await Program.run(["plan", fixture.output, "--json"] + option)
      #expect(run.code == 0, "\(run)")
      let object = try run.object()
      let memory = try #require(object["memory"] as? [String: Int])
      let (free, reserve) = (try #require(memory["free_bytes"]), memory["reserve_bytes"] ?? 0)
      let weights = try #require(memory["weight_bytes"])
      #expect(reserve > 0 && weights > 0 && weights < free)
      #expect(object["blocks"] as? Int == fixture.manifest.blockCount)
      let text = try await Program.run(["plan", fixture.output] + option)
      #expect(text.output.contains(" kept back\n") && text.error.isEmpty, "\(text)")
    }
    let plain = try await Program.run(["plan", fixture.output, "--json"])
    #expect(try plain.object()["memory"] == nil)
  }

  @Test("Numbers still bound what the machine would allow")
  func together() async throws {
    let fixture = try FetchFixture()
    try fixture.client.write(fixture.file, to: "m.bstk")
    let run = try await Program.run(
      ["plan", fixture.output, "--fit", "--blocks", "20", "--json"])
    #expect(try run.object()["blocks"] as? Int == 20)
  }

  #if os(Linux)
    @Test("A limit of the address space is seen: what does not fit it is refused")
    func addressSpace() async throws {
      let fixture = try FetchFixture()
      try fixture.client.write(fixture.file, to: "m.bstk")
      func bstk(_ kilobytes: Int, _ words: String) async throws -> (output: String, error: String) {
        try await Shell.run(
          "ulimit -v \(kilobytes); cd '\(fixture.client.path)'; '\(Program.path)' \(words);"
            + " echo \"code $?\"")
      }
      let room = try await bstk(4_000_000, "plan m.bstk --fit")
      #expect(room.output.contains("free within this process's limit, 268.4 MB kept back"))
      #expect(room.output.hasSuffix("code 0\n"), "\(room)")
      let fetch = try await bstk(4_000_000, "fetch file://$PWD/m.bstk -o got.bstk --fit")
      #expect(fetch.error.hasSuffix("within this process's limit, 268.4 MB kept back\n"))
      #expect(try fixture.client.read("got.bstk") == fixture.file)
      for words in ["plan m.bstk --fit", "export m.bstk -o out --ram auto", "trim m.bstk --fit"] {
        let run = try await bstk(200_000, words)
        #expect(run.output.contains("code 1") && run.error.contains("BUDGET_TOO_SMALL"), "\(run)")
      }
      #expect(try fixture.client.read("m.bstk") == fixture.file)
    }
  #endif
}
