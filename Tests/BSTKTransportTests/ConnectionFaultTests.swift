import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@testable import BSTKTransport

@Suite("A connection or a server in trouble")
struct ConnectionFaultTests {
  @Test(
    "broken off after some bytes, goes on from there",
    arguments: [0, 1, Trial.chunkByteCount - 1], [FaultResponse.Ending.close, .reset])
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

  @Test("broken off far more often than the limit, but never without progress, arrives")
  func progress() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { _, response in response.cut(after: 40_000) }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(trial.retries.count > 4 * Trial.tuning.attemptLimit)
    #expect(server.bodyByteCount < trial.file.count + 300_000)
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

  /// How a server may end a connection that is kept for the next request.
  enum KeptConnection: CaseIterable, Sendable {
    /// After each answer, without a word.
    case closedAfterAnswers
    /// By a reset after each answer.
    case resetAfterAnswers
    /// When the second request comes, which gets no answer.
    case closedAtRequest
  }

  @Test(
    "that closes connections it seemed to keep, is asked again at once",
    arguments: KeptConnection.allCases)
  func keptConnection(_ end: KeptConnection) async throws {
    let trial = try Trial()
    let used = Lock<Set<Int>>([])
    let server = try FaultServer(trial.file) { request, response in
      switch end {
      case .closedAfterAnswers: response.ending = .close
      case .resetAfterAnswers: response.ending = .reset
      case .closedAtRequest:
        if !used.withLock({ $0.insert(request.connection).inserted }) { response.becomeNothing() }
      }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(server.connectionCount > 2)
    let delays = trial.log.compactMap { if case .retry(_, let delay) = $0 { delay } else { nil } }
    #expect(delays.allSatisfy { $0 == 0 })
  }

  @Test("that never answers on a new connection either, fails after the limit")
  func noAnswer() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number > 2 { response.becomeNothing() }
    }
    defer { server.stop() }
    await trial.expectFailure(.network, [server.url()])
  }

  @Test("silent, with one connection only, is given up in time", arguments: [0, 30_000])
  func stallAlone(after byteCount: Int) async throws {
    let trial = try Trial()
    let start = ContinuousClock.now
    let stalled = Lock<ContinuousClock.Instant?>(nil)
    let server = try FaultServer(trial.file) { request, response in
      if request.number == 2 {
        stalled.withLock { $0 = .now }
        response.cut(after: byteCount, .stall)
      }
    }
    defer { server.stop() }
    var options = FetchOptions()
    options.maximumConnectionCount = 1
    try await trial.fetch([server.url()], options: options)
    try trial.expectOutput()
    #expect(trial.retries.map(\.code) == [.stalled])
    // Not before its time: a slow link is no error.
    let instant = try #require(stalled.withLock { $0 })
    #expect(instant >= start && instant.duration(to: .now) >= .seconds(Trial.tuning.stallSeconds))
  }

  @Test("silent for good, ends the fetch although no request has failed")
  func hopelesslySilent() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number > 2 { response.cut(after: 0, .stall) }
    }
    defer { server.stop() }
    var tuning = Trial.tuning
    tuning.stallSeconds = 600
    tuning.takeoverSeconds = 600
    tuning.hopelessSeconds = 1
    await trial.expectFailure(.stalled, [server.url()], tuning: tuning)
    #expect(trial.retries.isEmpty)
    #expect(try trial.folder.contents() == ["out.bstk.part", "out.bstk.part.journal"])
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

  @Test(
    "that fails three times at the same bytes, is asked a fourth time",
    arguments: [500, 502, 504, 503, 429, 408])
  func serverError(status: Int) async throws {
    let trial = try Trial()
    let failures = Lock(0)
    let offset = trial.file.count / 2
    let server = try FaultServer(trial.file) { request, response in
      let fails = failures.withLock { count in
        guard count < 3, request.range?.contains(offset) ?? false else { return false }
        count += 1
        return true
      }
      if fails { response.become(status) }
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
    arguments: ["1", "86400", "9223372036854775807", "Fri, 31 Dec 2100 23:59:59 GMT"])
  func retryAfter(_ value: String) async throws {
    let trial = try Trial()
    let asked = Lock<[ContinuousClock.Instant]>([])
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
