import BSTKFormat
import BSTKTestSupport
import Testing

@testable import BSTKTransport

@Suite("A response that is not what was asked for")
struct ResponseFaultTests {
  /// Answers that are refused once, then asked for again; refused for good when they keep coming.
  enum Lie: String, CaseIterable, Sendable {
    case startTooLow, endTooHigh, noContentRange, malformedContentRange, multipart, gzip

    var code: BSTKError.Code { self == .gzip ? .contentEncoding : .rangeMismatch }

    func apply(_ request: FaultRequest, _ response: inout FaultResponse, total: Int) {
      guard let range = request.range else { return }
      switch self {
      case .startTooLow:
        response["Content-Range"] =
          "bytes \(max(0, range.lowerBound - 10))-\(range.upperBound - 11)/\(total)"
      case .endTooHigh:
        response["Content-Range"] = "bytes \(range.lowerBound)-\(total - 1)/\(total)"
      case .noContentRange: response["Content-Range"] = nil
      case .malformedContentRange:
        response["Content-Range"] = "bytes \(range.lowerBound)-99999999999999999999/\(total)"
      case .multipart: response["Content-Type"] = "multipart/byteranges; boundary=x"
      case .gzip: response["Content-Encoding"] = "gzip"
      }
    }
  }

  @Test("once is asked for again", arguments: Lie.allCases)
  func once(_ lie: Lie) async throws {
    let trial = try Trial()
    let total = trial.file.count
    let server = try FaultServer(trial.file) { request, response in
      if request.number == 3 { lie.apply(request, &response, total: total) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(trial.retries.map(\.code) == [lie.code])
  }

  @Test("every time ends the fetch", arguments: Lie.allCases)
  func always(_ lie: Lie) async throws {
    let trial = try Trial()
    let total = trial.file.count
    let server = try FaultServer(trial.file) { request, response in
      if request.number >= 2, (request.range?.upperBound ?? total) < total {
        lie.apply(request, &response, total: total)
      }
    }
    defer { server.stop() }
    await trial.expectFailure(lie.code, [server.url()])
    #expect(try trial.folder.contents() == ["out.bstk.part", "out.bstk.part.journal"])
  }

  @Test("a server without ranges is read from the start and left at the cut")
  func noRanges() async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { _, response in response.ignoreRange(file) }
    defer { server.stop() }
    let cut = try trial.cut(file.count / 2)
    let summary = try await trial.fetch(
      [server.url()], Budget(fileByteCount: cut.fileByteCount))
    try trial.expectOutput(Int(cut.fileByteCount))
    #expect(server.requests.count == 1)
    // What arrived behind the cut is named as wasted.
    #expect(summary.payloadByteCount == cut.fileByteCount)
    #expect(
      summary.payloadByteCount + summary.wastedByteCount <= UInt64(server.bodyByteCount))
    #expect(trial.warnings.contains { $0.contains("knows no ranges") })
  }

  @Test("a whole file that breaks off inside the index is read again from its start")
  func brokenIndex() async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { request, response in
      response.ignoreRange(file)
      if request.number == 1 { response.cut(after: 1_000) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(server.requests.count <= 4)
  }

  @Test("a whole file that breaks off gives way to a mirror that knows ranges")
  func brokenStream() async throws {
    let trial = try Trial()
    let file = trial.file
    let broken = try FaultServer(file) { request, response in
      response.ignoreRange(file)
      response.pace = (64_000, 0.01)
      response.cut(after: file.count / 2)
    }
    let mirror = try FaultServer(file)
    defer {
      broken.stop()
      mirror.stop()
    }
    try await trial.fetch([broken.url(), mirror.url()])
    try trial.expectOutput()
  }

  @Test("a first answer that is longer than it says is taken as far as it says")
  func longOpening() async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { request, response in
      guard request.number == 1 else { return }
      response["Content-Range"] = "bytes 0-255/\(file.count)"
      response["Content-Length"] = nil
      response.ending = .close
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test("a compressed whole file is refused by the name of its header")
  func compressedWhole() async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { _, response in
      response.ignoreRange(file)
      response["Content-Encoding"] = "gzip"
    }
    defer { server.stop() }
    await trial.expectFailure(.contentEncoding, [server.url()])
    #expect(server.requests.count == 2)
    #expect(try trial.folder.contents() == [])
  }

  @Test("a server that stops knowing ranges is read once more from the start")
  func rangesLost() async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { request, response in
      if request.number > 2 { response.ignoreRange(file) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(trial.warnings.contains { $0.contains("knows no ranges") })
  }

  @Test("growing from a server without ranges skips what is here")
  func growWithoutRanges() async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { _, response in response.ignoreRange(file) }
    defer { server.stop() }
    let cut = try trial.cut(file.count / 2)
    try await trial.fetch([server.url()], Budget(fileByteCount: cut.fileByteCount))
    let summary = try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(summary.payloadByteCount == UInt64(file.count) - cut.fileByteCount)
  }

  @Test("a 200 that names its range is as good as a 206")
  func status200WithRange() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { _, response in
      if response.status == 206 { response.status = 200 }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(server.bodyByteCount == trial.file.count)
  }

  @Test("a shorter range is taken and the rest asked for")
  func shortRange() async throws {
    let trial = try Trial()
    let total = trial.file.count
    let server = try FaultServer(trial.file) { request, response in
      guard let range = request.range, range.count > 1000 else { return }
      let half = range.count / 2
      response.body = Array(response.body.prefix(half))
      response["Content-Length"] = "\(half)"
      response["Content-Range"] =
        "bytes \(range.lowerBound)-\(range.lowerBound + half - 1)/\(total)"
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(trial.retries.isEmpty)
  }

  @Test("more bytes than the range has are not taken")
  func extraBytes() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      response.body += [UInt8](repeating: 0xEE, count: 40_000)
      response["Content-Length"] = "\(response.body.count)"
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test("another total is a change of the file")
  func otherTotal() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      guard let range = request.range, request.number > 2, range.count != 256 else { return }
      response["Content-Range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/99999999"
    }
    defer { server.stop() }
    await trial.expectFailure(.remoteChanged, [server.url()])
  }

  @Test("a file that ends before the cut is named", arguments: [true, false])
  func truncatedRemote(says416: Bool) async throws {
    let trial = try Trial()
    let cut = Int(try trial.cut(trial.file.count * 2 / 3).fileByteCount)
    let total = trial.file.count
    let server = try FaultServer(says416 ? trial.file : Array(trial.file.prefix(cut))) {
      request, response in
      if says416, let range = request.range, range.lowerBound > cut {
        response.become(416)
        response["Content-Range"] = "bytes */\(cut)"
      }
    }
    defer { server.stop() }
    await trial.expectFailure(.remoteTruncated, [server.url()])
    if says416 {
      #expect(try trial.folder.contents() == ["out.bstk.part", "out.bstk.part.journal"])
    } else {
      // What it does have can still be had.
      try await trial.fetch([server.url()], Budget(fileByteCount: UInt64(cut)))
      try trial.expectOutput(cut)
    }
    #expect(total > cut)
  }

  @Test("a server that refuses ranges behind its end is asked for less")
  func first416() async throws {
    let trial = try Trial()
    let total = trial.file.count
    let server = try FaultServer(trial.file) { request, response in
      guard let range = request.range, range.upperBound > total else { return }
      response.become(416)
      response["Content-Range"] = "bytes */\(total)"
    }
    defer { server.stop() }
    var tuning = Trial.tuning
    tuning.firstRequestByteCount = total + 1000
    try await trial.fetch([server.url()], tuning: tuning)
    try trial.expectOutput()
  }

  @Test("a page with status 200 never gets into the output")
  func errorPage() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number > 2 {
        response.become(200, String(repeating: "<html>busy</html>", count: 100))
      }
    }
    defer { server.stop() }
    await trial.expectFailure(.magic, [server.url()])
  }

  @Test("two whole files at one moment do not make a server one without ranges")
  func rangesLostForMoment() async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { request, response in
      if (8...9).contains(request.number) { response.ignoreRange(file) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(server.requests.allSatisfy { $0.range != nil })
  }

  @Test("what is no response at all is asked again")
  func junk() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      guard request.number == 4 else { return }
      response.isAnswer = false
      response.body = Array("\u{0}\u{1}no response\r\n".utf8)
      response.ending = .close
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(trial.retries.map(\.code) == [.network])
  }

  @Test("a status counts though the page that goes with it never comes")
  func pageWithoutBody() async throws {
    let trial = try Trial()
    let missing = try FaultServer(trial.file) { _, response in
      response.become(404)
      response.cut(after: 0, .stall)
    }
    let moved = try FaultServer(trial.file) { request, response in
      guard request.path != "/final" else { return }
      response.redirect(to: "/final")
      response["Content-Length"] = "100"
      response.cut(after: 0, .stall)
    }
    defer {
      missing.stop()
      moved.stop()
    }
    var tuning = Trial.tuning
    tuning.stallSeconds = 0.3
    await trial.expectFailure(.remoteMissing, [missing.url()], tuning: tuning)
    #expect(missing.requests.count == 1)
    try await trial.fetch([moved.url()], tuning: tuning)
    try trial.expectOutput()
  }

  @Test("a server's words in a message are short and command no terminal")
  func escapes() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { _, response in
      response["Content-Encoding"] = "\u{1B}]0;mine\u{7}" + String(repeating: "x", count: 20000)
    }
    defer { server.stop() }
    let error = await #expect(throws: BSTKError.self) { try await trial.fetch([server.url()]) }
    #expect(error?.message.contains("?]0;mine?xxx") ?? false)
    #expect((error?.message.count ?? 0) < 200)
  }
}
