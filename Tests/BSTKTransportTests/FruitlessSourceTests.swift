import BSTKFormat
import BSTKTestSupport
import Testing

@testable import BSTKTransport

/// Answers that are no failure each, but never bring anything new: they must not go on for ever.
@Suite("A server that never brings anything new")
struct FruitlessSourceTests {
  @Test("a stream that always breaks off at the same byte is given up, and what came is kept")
  func stream() async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { _, response in
      response.ignoreRange(file)
      response.cut(after: file.count / 2)
    }
    defer { server.stop() }
    await trial.expectFailure(.network, [server.url()])
    #expect((8...12).contains(server.requests.count))
    #expect(trial.warnings.count { $0.contains("read again") } == 1)
    #expect(try trial.folder.contents() == ["out.bstk.part", "out.bstk.part.journal"])
  }

  @Test("an index that always breaks off at the same byte is given up", arguments: [100, 300])
  func index(byteCount: Int) async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { _, response in
      response.ignoreRange(file)
      response.cut(after: byteCount)
    }
    defer { server.stop() }
    await trial.expectFailure(.network, [server.url()])
    #expect(server.requests.count <= 12)
    #expect(try trial.folder.contents() == [])
  }

  @Test("a header that is never whole is given up", arguments: [true, false])
  func header(isBroken: Bool) async throws {
    let trial = try Trial()
    try trial.folder.write(
      Array(trial.file.prefix(Int(trial.manifest.chunkEnd(4)))), to: "out.bstk")
    let server = try FaultServer(trial.file) { _, response in
      if isBroken { return response.cut(after: 100) }
      // A part of what was asked for, and honest about it.
      response.body = Array(response.body.prefix(100))
      response["Content-Length"] = "100"
      response["Content-Range"] = "bytes 0-99/\(trial.file.count)"
    }
    defer { server.stop() }
    await trial.expectFailure(isBroken ? .network : .rangeMismatch, [server.url()])
    #expect(server.requests.count <= 9)
    #expect(server.requests.allSatisfy { $0.range == 0..<256 })
  }

  @Test("a server that refuses for a while, without saying how long, is not asked by everyone")
  func refusals() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number > 3 { response.become(503) }
    }
    defer { server.stop() }
    var tuning = Trial.tuning
    tuning.firstConnectionCount = 8
    await trial.expectFailure(.throttled, [server.url()], tuning: tuning)
    #expect(server.requests.count < 3 + 8 * 3)
  }

  @Test("a name that nobody knows is not asked for long")
  func unreachable() async throws {
    let trial = try Trial()
    await trial.expectFailure(.network, ["http://bstk.invalid/m.bstk"])
    #expect(trial.retries.count == Trial.tuning.unreachableAttemptLimit - 1)
  }

  @Test("an index that breaks off without a word about its length is given up")
  func indexWithoutLength() async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { _, response in
      response.ignoreRange(file)
      response["Content-Length"] = nil
      response.cut(after: 300)
    }
    defer { server.stop() }
    await trial.expectFailure(.network, [server.url()])
    #expect(server.requests.count <= 12)
  }

  @Test("a server whose file is one byte shorter each time it is asked is not followed down")
  func shrinking416() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      response.become(416)
      response["Content-Range"] = "bytes */\((request.range?.upperBound ?? 1) - 1)"
    }
    defer { server.stop() }
    await trial.expectFailure(.remoteTruncated, [server.url()])
    #expect(server.requests.count == 2)
  }

  @Test("an end that never comes is asked for as often as anything else", arguments: [1, 4])
  func missingEnd(connections: Int) async throws {
    let trial = try Trial()
    let last = trial.file.count - 50_000
    let server = try FaultServer(trial.file) { request, response in
      guard let range = request.range, range.upperBound > last else { return }
      response.cut(after: max(0, last - range.lowerBound), .stall)
    }
    defer { server.stop() }
    var options = FetchOptions()
    options.maximumConnectionCount = connections
    var tuning = Trial.tuning
    tuning.stallSeconds = 0.4
    await trial.expectFailure(.stalled, [server.url()], options: options, tuning: tuning)
    let asked = server.requests.filter { ($0.range?.upperBound ?? 0) > last }
    #expect(asked.count < 8 * 4)
  }

  @Test("reading again what is here is no standstill, however long it takes")
  func longReading() async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { request, response in
      response.ignoreRange(file)
      response.pace = (file.count / 20, 0.1)
      if request.number < 3 { response.cut(after: file.count * (4 + request.number) / 10) }
    }
    defer { server.stop() }
    var tuning = Trial.tuning
    tuning.hopelessSeconds = 0.7
    try await trial.fetch([server.url()], tuning: tuning)
    try trial.expectOutput()
    #expect(server.requests.count == 3)
  }

  @Test("faults of several kinds do not add up to a breach of the protocol")
  func mixedFaults() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number == 2 { response.become(503) }
      if request.number == 3 { response["Content-Encoding"] = "gzip" }
    }
    defer { server.stop() }
    var options = FetchOptions()
    options.maximumConnectionCount = 1
    try await trial.fetch([server.url()], options: options)
    try trial.expectOutput()
    #expect(trial.retries.map(\.code) == [.throttled, .contentEncoding])
  }

  @Test("what went wrong before the index came is forgotten when it has come")
  func faultsOfOpening() async throws {
    let trial = try Trial()
    let checks = Counter()
    let server = try FaultServer(trial.file) { request, response in
      if request.number <= 7 { return response.become(502) }
      if request.number == 9 { response["ETag"] = "\"other\"" }
      if request.range == 0..<256, checks.next() == 1 { response.become(502) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(checks.value == 2)
  }
}
