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
}
