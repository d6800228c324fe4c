import BSTKFormat
import BSTKTestSupport
import Testing

@Suite("The events of fetch --json")
struct FetchEventTests {
  /// The keys each event has, those of quality aside.
  private static let keys: [String: Set<String>] = [
    "opened": [
      "event", "output", "root_digest", "file_bytes", "chunks", "blocks", "present_bytes",
    ],
    "progress": [
      "event", "stored_bytes", "total_bytes", "chunks", "blocks", "bytes_per_second",
      "connections",
    ],
    "verified": ["event", "chunks", "file_bytes"],
    "retry": ["event", "code", "message", "delay_seconds"],
    "warning": ["event", "message"],
    "done": [
      "event", "output", "root_digest", "file_bytes", "cut_bytes", "chunks", "blocks",
      "payload_bytes", "wasted_bytes", "header_bytes", "requests", "connections",
      "damaged_chunks",
    ],
  ]

  @Test(
    "have the documented keys, and say what the model is worth so far", arguments: [true, false])
  func events(isMeasured: Bool) async throws {
    let fixture = try FetchFixture(isMeasured: isMeasured)
    let server = try FaultServer(fixture.file) { request, response in
      if request.number == 1 { response.cut(after: 200_000) }
    }
    defer { server.stop() }
    let run = try await Program.run(
      fixture.arguments(server.url(), ["--json", "--limit-rate", "2MB"]))
    #expect(run.code == 0 && run.error.isEmpty, "\(run)")
    try fixture.expectWhole()
    let events = try run.events()
    #expect(events.first?["event"] as? String == "opened")
    #expect(events.last?["event"] as? String == "done")
    var kinds: Set<String> = []
    for event in events {
      let kind = try #require(event["event"] as? String)
      kinds.insert(kind)
      let value = (event["chunks"] as? Int).flatMap { FetchFixture.quality.value(atChunkCount: $0) }
      let worth: Set<String> =
        isMeasured && value != nil ? ["quality", "quality_metric"] : []
      #expect(Self.keys[kind]?.union(worth) == Set(event.keys), "\(event)")
      if isMeasured, let value {
        #expect(event["quality"] as? Double == value)
        #expect(event["quality_metric"] as? String == "perplexity")
      }
    }
    #expect(kinds.isSuperset(of: ["opened", "progress", "verified", "retry", "done"]))
    let last = try #require(events.dropLast().last)
    #expect(last["event"] as? String == "progress")
    #expect(last["stored_bytes"] as? Int == fixture.file.count)
    let done = try #require(events.last)
    #expect(done["cut_bytes"] as? Int == fixture.file.count)
    let payload = try #require(done["payload_bytes"] as? Int)
    let wasted = try #require(done["wasted_bytes"] as? Int)
    #expect(payload == fixture.file.count)
    #expect(payload + wasted <= server.bodyByteCount)
    let headers = try #require(done["header_bytes"] as? Int)
    let requests = try #require(done["requests"] as? Int)
    #expect(requests == server.requests.count && headers > 60 * requests)
  }

  @Test("say that a file is larger than a smaller budget buys, and nothing is fetched or cut off")
  func excess() async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file)
    defer { server.stop() }
    #expect(try await Program.run(fixture.arguments(server.url())).code == 0)
    let cut = try fixture.manifest.cut(within: Budget(fileByteCount: 1_500_000)).fileByteCount
    for budget in [["--mb", "1.5"], ["--mb", "1.5", "--json"]] {
      let run = try await Program.run(fixture.arguments(server.url(), budget))
      #expect(run.code == 0 && run.error.isEmpty, "\(run)")
      try fixture.expectWhole()
      guard budget.contains("--json") else {
        #expect(run.output.contains("nothing to fetch: the file is larger than this budget buys"))
        #expect(run.output.contains("bstk trim \(fixture.output) --mb \(cut)B\n"))
        continue
      }
      let done = try #require(try run.events().last)
      #expect(done["cut_bytes"] as? UInt64 == cut && done["payload_bytes"] as? Int == 0)
      #expect(done["file_bytes"] as? Int == fixture.file.count)
    }
    // The hint works as it stands.
    #expect(try await Program.run(["trim", fixture.output, "--mb", "\(cut)B"]).code == 0)
    let run = try await Program.run(fixture.arguments(server.url(), ["--mb", "1.5"]))
    #expect(run.code == 0 && !run.output.contains("larger"), "\(run)")
    #expect(run.output.contains("; 1 request on 1 connection\n"), "\(run)")
  }

  @Test("are explained by the help, each with its keys")
  func help() async throws {
    let help = try await Program.run(["fetch", "--help"]).output
    for (kind, keys) in Self.keys {
      #expect(help.contains("\n  \(kind) "), "\(kind)")
      for key in keys { #expect(help.contains(key), "\(key) of \(kind)") }
    }
    #expect(help.contains("quality and quality_metric"))
  }
}
