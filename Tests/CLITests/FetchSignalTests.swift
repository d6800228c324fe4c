import BSTKTestSupport
import Foundation
import Subprocess
import Testing

@Suite("fetch, interrupted, unread and unseen")
struct FetchSignalTests {
  /// A server that takes some seconds for the whole file.
  private static func slowServer(_ file: [UInt8]) throws -> FaultServer {
    try FaultServer(file) { _, response in response.pace = (8_000, 0.01) }
  }

  @Test(
    "SIGINT and SIGTERM leave a state to go on from and their own exit codes",
    arguments: [(Signal.interrupt, Int32(130)), (.terminate, 143)], [[], ["--json"]])
  func stopped(_ expected: (signal: Signal, code: Int32), options: [String]) async throws {
    let fixture = try FetchFixture()
    let server = try Self.slowServer(fixture.file)
    defer { server.stop() }
    let run = try await Program.run(fixture.arguments(server.url(), options)) { send in
      try await fixture.wait(for: server, toSend: 1_000_000)
      try send(expected.signal)
    }
    #expect(run.code == expected.code, "\(run)")
    if options.isEmpty {
      #expect(run.error.contains("error[CANCELLED]") && run.error.contains("help: "))
      #expect(run.output.isEmpty)
    } else {
      let error = try run.events().last?["error"] as? [String: String]
      #expect(error?["code"] == "CANCELLED")
    }
    #expect(try fixture.client.contents() == ["m.bstk.part", "m.bstk.part.journal"])
    let sent = server.bodyByteCount
    let present = try await fixture.expectRest()
    // What had been sent but was still on its way is all that is moved twice.
    #expect(present > sent / 2 && present <= sent)
  }

  @Test("SIGSTOP for longer than silence is borne, then SIGCONT: goes on as if nothing had been")
  func suspended() async throws {
    let fixture = try FetchFixture()
    let server = try Self.slowServer(fixture.file)
    defer { server.stop() }
    let run = try await Program.run(fixture.arguments(server.url(), ["--json"])) { send in
      try await fixture.wait(for: server, toSend: 500_000)
      try send(.suspend)
      try await Task.sleep(for: .seconds(4))
      try send(.resume)
    }
    #expect(run.code == 0, "\(run)")
    try fixture.expectWhole()
    #expect(try !run.events().contains { $0["event"] as? String == "retry" })
  }

  @Test("A reader that goes away does not end the fetch", arguments: ["1", "2"])
  func brokenPipe(stream: String) async throws {
    let fixture = try FetchFixture()
    let file = fixture.file
    // Without ranges there is a warning, so both streams are written to.
    let server = try FaultServer(file) { _, response in
      response.ignoreRange(file)
      response.pace = (40_000, 0.01)
    }
    defer { server.stop() }
    let json = stream == "1" ? "--json" : ""
    let redirection = stream == "1" ? "" : "2>&1 >/dev/null"
    let run = try await Shell.run(
      """
      '\(Program.path)' fetch '\(server.url())' -o '\(fixture.output)' \(json) \(redirection) \
      | true; echo "status ${PIPESTATUS[0]}"
      """)
    #expect(run.output.hasSuffix("status 0\n"), "\(run)")
    try fixture.expectWhole()
  }

  @Test(
    "Output that cannot be written: exit code 2, and the model is whole", arguments: ["", "--json"])
  func fullOutput(json: String) async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file)
    defer { server.stop() }
    let run = try await Shell.run(
      """
      '\(Program.path)' fetch '\(server.url())' -o '\(fixture.output)' \(json) >/dev/full
      echo "status $?"
      """)
    #expect(run.output == "status 2\n", "\(run)")
    #expect(run.error.contains("error[IO]: standard output cannot be written: No space left"))
    try fixture.expectWhole()
  }

  @Test("Standard streams that are closed do not end up in the model")
  func closedStreams() async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file)
    defer { server.stop() }
    let run = try await Shell.run(
      """
      '\(Program.path)' fetch '\(server.url())' -o '\(fixture.output)' <&- >&- 2>&-
      echo "status $?"
      """)
    #expect(run.output == "status 0\n", "\(run)")
    try fixture.expectWhole()
  }

  @Test("Not on a terminal: a line every five seconds, no control characters, a summary")
  func lines() async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file)
    defer { server.stop() }
    let run = try await Program.run(
      fixture.arguments(server.url(), ["--limit-rate", "260kB"]), environment: ["NO_COLOR": ""])
    #expect(run.code == 0, "\(run)")
    try fixture.expectWhole()
    let lines = run.error.split(separator: "\n")
    #expect((2...5).contains(lines.count), "\(run.error)")
    #expect(lines.last?.contains("100%") ?? false, "\(run.error)")
    for line in lines {
      #expect(line.contains("% ") && line.contains(" of 72 blocks"), "\(line)")
    }
    #expect(lines.last?.contains("  perplexity 12.34") ?? false)
    let scalars = (run.output + run.error).unicodeScalars
    #expect(scalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
    let summary = run.output.split(separator: "\n")
    #expect(summary.count == 2)
    #expect(summary.first?.hasSuffix("72 of 72 blocks, perplexity 12.34") ?? false, "\(summary)")
    for word in ["moved 3", "wasted ", "headers ", " request", " on ", " connection"] {
      #expect(summary.last?.contains(word) ?? false, "\(summary)")
    }
  }

  @Test(
    "On a terminal: one line, drawn again and cleared at the end; a dumb one gets lines",
    arguments: ["xterm", "dumb"],
    FileManager.default.isExecutableFile(atPath: "/usr/bin/script") ? [100, 44] : [])
  func terminal(kind: String, columns: Int) async throws {
    let fixture = try FetchFixture()
    let server = try Self.slowServer(fixture.file)
    defer { server.stop() }
    let run = try await Shell.run(
      """
      TERM=\(kind) script -qec "stty cols \(columns)
      '\(Program.path)' fetch '\(server.url())' -o '\(fixture.output)'" /dev/null </dev/null
      """)
    try fixture.expectWhole()
    #expect(run.output.contains("72 of 72 blocks, perplexity 12.34\r\n"), "\(run)")
    let drawn = run.output.split(separator: "\r").filter { $0.hasSuffix("\u{1B}[K") }
      .map { $0.dropLast(3) }.filter { !$0.isEmpty }
    guard kind == "xterm" else { return #expect(drawn.isEmpty, "\(run)") }
    #expect(drawn.first == "m.bstk  connecting to 127.0.0.1:\(server.port)")
    #expect(drawn.count > 5 && drawn.allSatisfy { $0.count < columns }, "\(drawn)")
    #expect(drawn.allSatisfy { $0.hasPrefix("m.bstk  ") })
    #expect(drawn.contains { $0.contains(" of 72 blocks") } == (columns == 100))
    // Nothing moves: every line has its percent sign in the same column.
    let places = drawn.dropFirst().map { line in
      line.firstIndex(of: "%").map { line.distance(from: line.startIndex, to: $0) }
    }
    #expect(Set(places).count == 1, "\(drawn)")
  }
}
