import BSTKTestSupport
import Subprocess
import Testing

@Suite("fetch, killed again and again")
struct FetchKillTests {
  @Test("Twenty kills at random times cost little more than what was on its way")
  func kills() async throws {
    let fixture = try FetchFixture()
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let server = try FaultServer(fixture.file) { _, response in response.pace = (8_000, 0.01) }
    defer { server.stop() }
    var killCount = 0
    while killCount < 20 {
      let target = server.bodyByteCount + Int.random(in: 0...150_000, using: &generator)
      let run = try await Program.run(
        fixture.arguments(server.url(), ["--connections", "8"])
      ) { send in
        try await fixture.wait(for: server, toSend: target)
        try send(.kill)
      }
      #expect(run.code == 0 || run.code == 128 + 9, "\(run)")
      if run.code == 0 { break }
      killCount += 1
    }
    #expect(killCount > 5)
    let before = server.bodyByteCount
    let present = try await fixture.expectRest()
    // Each kill loses the buffers of its connections, and begins with what opens the file.
    let each = 8 * 128 << 10
    #expect(
      before <= present + killCount * each, "seed \(seed): \(before) for \(present) bytes")
  }
}
