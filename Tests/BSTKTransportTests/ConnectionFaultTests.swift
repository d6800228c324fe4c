import BSTKFormat
import Synchronization
import BSTKTestSupport
import Testing

@testable import BSTKTransport

@Suite("A connection or a server in trouble")
struct ConnectionFaultTests {
  @Test(
    "broken off after some bytes, goes on from there",
    arguments: [0, 1, 100_000], [FaultResponse.Ending.close, .reset])
  func cut(after byteCount: Int, ending: FaultResponse.Ending) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number % 2 == 0 { response.cut(after: byteCount, ending) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(!trial.retries.isEmpty)
    #expect(trial.retries.allSatisfy { $0.code == .network })
  }

  @Test("broken off while the index arrives, begins again")
  func cutIndex() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number < 4 { response.cut(after: 200 * request.number) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test("always broken off at once, fails after the limit and keeps what there is")
  func hopeless() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number > 2 { response.cut(after: 0) }
    }
    defer { server.stop() }
    await trial.expectFailure(.network, [server.url()])
    #expect(try trial.folder.contents() == ["out.bstk.part", "out.bstk.part.journal"])
  }

  @Test("nobody listens")
  func refused() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    server.stop()
    await trial.expectFailure(.network, [server.url()])
  }

  @Test("silent, is asked again elsewhere while others go on", arguments: [0, 30_000])
  func stall(after byteCount: Int) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number == 3 { response.cut(after: byteCount, .stall) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test("slow but alive, is not an error")
  func trickle() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number == 3 { response.pace = (20_000, 0.05) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(trial.retries.allSatisfy { $0.code == .stalled })
  }

  @Test("with an error of its own, is asked again", arguments: [500, 502, 504, 503, 429, 408])
  func serverError(status: Int) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if (2...4).contains(request.number) { response.become(status) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(trial.retries.count == 3)
    let code: BSTKError.Code = [500, 502, 504].contains(status) ? .httpStatus : .throttled
    #expect(trial.retries.allSatisfy { $0.code == code })
  }

  @Test("at the very first request, is asked again too", arguments: [500, 503])
  func firstRequest(status: Int) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number < 3 { response.become(status) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test(
    "that names a time to wait is obeyed, within reason",
    arguments: ["1", "86400", "Fri, 31 Dec 2100 23:59:59 GMT"])
  func retryAfter(_ value: String) async throws {
    let trial = try Trial()
    let asked = Mutex<[ContinuousClock.Instant]>([])
    let server = try FaultServer(trial.file) { request, response in
      asked.withLock { $0.append(.now) }
      if request.number == 2 {
        response.become(429)
        response["Retry-After"] = value
      }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(trial.warnings.contains { $0.contains("asks to wait") })
    // No request was made while the host was to be left alone (0.4 s by the trial's cap).
    let times = asked.withLock { $0 }
    let pause = zip(times.dropFirst(2), times.dropFirst(1)).map { $0 - $1 }.max()
    #expect(try #require(pause) >= .seconds(0.2))
  }

  @Test("without the file, ends the fetch; what is here is kept", arguments: [404, 410])
  func gone(status: Int) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number > 3 { response.become(status) }
    }
    defer { server.stop() }
    await trial.expectFailure(.remoteMissing, [server.url()])
    #expect(try trial.folder.contents() == ["out.bstk.part", "out.bstk.part.journal"])
  }

  @Test("that wants credentials, fails at once", arguments: [401, 403])
  func forbidden(status: Int) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { _, response in response.become(status) }
    defer { server.stop() }
    await trial.expectFailure(.httpAuthorization, [server.url()])
    #expect(server.requests.count == 1)
  }
}
