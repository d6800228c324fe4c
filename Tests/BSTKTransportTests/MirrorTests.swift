import BSTKCodec
import BSTKFormat
import BSTKTestSupport
import Testing

@testable import BSTKTransport

@Suite("Several sources, one of which is wrong, slow or gone")
struct MirrorTests {
  /// What says which file is wanted.
  enum Authority: CaseIterable, Sendable {
    case firstSource, pinnedRoot, output, partialFile
  }

  @Test(
    "another file on a quick mirror never wins over a slow first source",
    arguments: Authority.allCases)
  func quickStranger(_ authority: Authority) async throws {
    let trial = try Trial()
    let slow = try FaultServer(trial.file) { request, response in
      if request.number < 3 { response.delay = 0.3 }
    }
    let stranger = try FaultServer(try Trial.model(seed: 2))
    defer {
      slow.stop()
      stranger.stop()
    }
    let kept = Int(trial.manifest.chunkEnd(14))
    switch authority {
    case .output: try trial.folder.write(Array(trial.file.prefix(kept)), to: "out.bstk")
    case .partialFile: try trial.folder.write(Array(trial.file.prefix(kept)), to: "out.bstk.part")
    default: break
    }
    let pin = authority == .pinnedRoot ? "#root=\(trial.manifest.rootDigest.hex)" : ""
    try await trial.fetch([slow.url("/m.bstk" + pin), stranger.url()])
    try trial.expectOutput()
    if authority == .output || authority == .partialFile {
      #expect(slow.bodyByteCount <= trial.file.count - kept + 1024)
    }
  }

  @Test("a mirror with another file is left out")
  func foreignMirror() async throws {
    let trial = try Trial()
    let other = try FaultServer(try Trial.model(seed: 2))
    let server = try FaultServer(trial.file)
    defer {
      other.stop()
      server.stop()
    }
    try await trial.fetch([server.url(), other.url()])
    try trial.expectOutput()
    #expect(trial.warnings.contains { $0.contains("another file") })
    #expect(other.requests.allSatisfy { $0.range == 0..<256 })
  }

  @Test("a dead source gives way to its mirror, before and after the index")
  func deadSource() async throws {
    let trial = try Trial()
    let dead = try FaultServer(trial.file) { _, response in response.become(404) }
    let dying = try FaultServer(trial.file) { request, response in
      if request.number > 3 { response.become(404) }
    }
    let server = try FaultServer(trial.file)
    defer {
      dead.stop()
      dying.stop()
      server.stop()
    }
    try await trial.fetch([dead.url(), dying.url(), server.url()])
    try trial.expectOutput()
  }

  @Test("while a source must be waited for, its mirror is asked for the index")
  func busySource() async throws {
    let trial = try Trial()
    let busy = try FaultServer(trial.file) { _, response in response.become(503) }
    let server = try FaultServer(trial.file)
    defer {
      busy.stop()
      server.stop()
    }
    try await trial.fetch([busy.url(), server.url()])
    try trial.expectOutput()
    let before = trial.log.prefix { if case .opened = $0 { false } else { true } }
    #expect(before.count { if case .retry = $0 { true } else { false } } == 1)
  }

  @Test("a mirror that never answers holds nothing up", arguments: [1, 16], [false, true])
  func silentMirror(connections: Int, hasNoRanges: Bool) async throws {
    let trial = try Trial()
    let file = trial.file
    let server = try FaultServer(file) { request, response in
      guard hasNoRanges else { return }
      response.ignoreRange(file)
      if request.number == 1 { response.cut(after: file.count / 2) }
    }
    let silent = try FaultServer(file) { _, response in response.cut(after: 0, .stall) }
    defer {
      server.stop()
      silent.stop()
    }
    var options = FetchOptions()
    options.maximumConnectionCount = connections
    try await trial.fetch([server.url(), silent.url()], options: options)
    try trial.expectOutput()
    #expect(!silent.requests.isEmpty)
  }

  @Test(
    "a first source that is empty, too short or no model gives way to its mirror",
    arguments: [0, 100, 5000])
  func shortSource(byteCount: Int) async throws {
    let trial = try Trial()
    let short = try FaultServer(Array(trial.file.prefix(byteCount)))
    let page = try FaultServer(Array("<html>please log in</html>".utf8))
    let good = try FaultServer(trial.file)
    defer {
      short.stop()
      page.stop()
      good.stop()
    }
    try await trial.fetch([short.url(), page.url(), good.url()])
    try trial.expectOutput()
    #expect(trial.warnings.count == 2)
  }

  @Test("a source without ranges and a mirror with them work side by side")
  func streamBesideRanges() async throws {
    let trial = try Trial()
    let file = trial.file
    let stream = try FaultServer(file) { _, response in
      response.ignoreRange(file)
      response.pace = (8192, 0.01)
    }
    let ranges = try FaultServer(file)
    defer {
      stream.stop()
      ranges.stop()
    }
    let start = ContinuousClock.now
    try await trial.fetch([stream.url(), ranges.url()])
    try trial.expectOutput()
    // Alone the stream would take 4 s.
    #expect(stream.bodyByteCount < file.count)
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test("a length that changes from answer to answer while the file stays is no alarm")
  func changingLength() async throws {
    let trial = try Trial()
    let cut = Int(try trial.cut(trial.file.count / 2).fileByteCount)
    let server = try FaultServer(trial.file) { request, response in
      // As while a publisher's file is still being copied to its place.
      guard let range = request.range, range.upperBound <= cut else { return }
      let total = min(cut + request.number * 1000, trial.file.count)
      response["Content-Range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(total)"
    }
    defer { server.stop() }
    try await trial.fetch([server.url()], Budget(fileByteCount: UInt64(cut)))
    try trial.expectOutput(cut)
  }

  @Test("a page of a login in the place of a grown file's source is called by its name")
  func pageOverOutput() async throws {
    let trial = try Trial()
    let cut = Int(try trial.cut(trial.file.count / 3).fileByteCount)
    try trial.folder.write(Array(trial.file.prefix(cut)), to: "out.bstk")
    let page = Array(String(repeating: "<html>please log in</html>", count: 20).utf8)
    let server = try FaultServer(page)
    defer { server.stop() }
    await trial.expectFailure(.magic, [server.url()])
    try trial.expectOutput(cut)
  }

  @Test("a mirror with another file stands in nobody's way", arguments: [false, true])
  func strangerBeside(isDamaged: Bool) async throws {
    let trial = try Trial()
    let file = trial.file
    try trial.folder.write(
      Array(file.prefix(Int(trial.manifest.chunkEnd(4)))), to: "out.bstk.part")
    let offset = Int(trial.manifest.chunkOffset(9)) + 5
    // It answers late, so that the stranger is compared before it.
    let first = try FaultServer(file) { request, response in
      if request.number < 3 { response.delay = 0.3 }
      if isDamaged { response.flipBit(at: offset, of: request) } else { response.ignoreRange(file) }
    }
    let stranger = try FaultServer(try Trial.model(seed: 2))
    defer {
      first.stop()
      stranger.stop()
    }
    if isDamaged {
      await trial.expectFailure(.chunkHash, [first.url(), stranger.url()])
    } else {
      try await trial.fetch([first.url(), stranger.url()])
      try trial.expectOutput()
    }
  }

  @Test("the publisher's new edition wins over a quick mirror with that of the partial file")
  func staleMirror() async throws {
    let trial = try Trial()
    let old = try Trial.model(seed: 2)
    try trial.folder.write(Array(old.prefix(1_500_000)), to: "out.bstk.part")
    let first = try FaultServer(trial.file) { request, response in
      if request.number == 1 { response.delay = 0.2 }
    }
    let stale = try FaultServer(old)
    defer {
      first.stop()
      stale.stop()
    }
    try await trial.fetch([first.url(), stale.url()])
    try trial.expectOutput()
  }

  @Test("a mirror that has the new edition too helps when that is fetched from its start")
  func newEditionOnBoth() async throws {
    let trial = try Trial()
    try trial.folder.write(Array(try Trial.model(seed: 2).prefix(1_500_000)), to: "out.bstk.part")
    let offset = Int(trial.manifest.chunkOffset(9)) + 5
    let bad = try FaultServer(trial.file) { request, response in
      if request.number < 2 { response.delay = 0.3 }
      response.flipBit(at: offset, of: request)
    }
    let good = try FaultServer(trial.file)
    defer {
      bad.stop()
      good.stop()
    }
    try await trial.fetch([bad.url(), good.url()])
    try trial.expectOutput()
  }

  @Test("a new edition does not wait for a mirror that is silent")
  func newEditionBesideSilence() async throws {
    let trial = try Trial()
    try trial.folder.write(Array(try Trial.model(seed: 2).prefix(1_500_000)), to: "out.bstk.part")
    let good = try FaultServer(trial.file)
    let silent = try FaultServer(trial.file) { _, response in response.cut(after: 0, .stall) }
    defer {
      good.stop()
      silent.stop()
    }
    var tuning = Trial.tuning
    tuning.stallSeconds = 30
    tuning.hopelessSeconds = 10
    try await trial.fetch([good.url(), silent.url()], tuning: tuning)
    try trial.expectOutput()
  }

  @Test("what one source refuses for a while another brings at once")
  func refusedElsewhere() async throws {
    let trial = try Trial()
    let busy = try FaultServer(trial.file) { request, response in
      guard request.number > 2 else { return }
      response.become(503)
      response["Retry-After"] = "60"
    }
    let good = try FaultServer(trial.file)
    defer {
      busy.stop()
      good.stop()
    }
    var tuning = Trial.tuning
    tuning.retryAfterCapSeconds = 60
    tuning.hopelessSeconds = 10
    try await trial.fetch([busy.url(), good.url()], tuning: tuning)
    try trial.expectOutput()
  }

  @Test("a source without ranges is read while one with them must be waited for")
  func streamMeanwhile() async throws {
    let trial = try Trial()
    let file = trial.file
    let busy = try FaultServer(file) { request, response in
      guard request.number > 2 else { return }
      response.become(503)
      response["Retry-After"] = "60"
    }
    let stream = try FaultServer(file) { _, response in response.ignoreRange(file) }
    defer {
      busy.stop()
      stream.stop()
    }
    var tuning = Trial.tuning
    tuning.retryAfterCapSeconds = 60
    tuning.hopelessSeconds = 10
    try await trial.fetch([busy.url(), stream.url()], tuning: tuning)
    try trial.expectOutput()
  }

  @Test("what two sources lack comes from the third")
  func third() async throws {
    let trial = try Trial()
    let offset = trial.file.count - 10
    let bend: FaultServer.Bend = { request, response in
      if request.range?.contains(offset) ?? false { response.become(500) }
    }
    let first = try FaultServer(trial.file, bend: bend)
    let second = try FaultServer(trial.file, bend: bend)
    let third = try FaultServer(trial.file)
    defer {
      first.stop()
      second.stop()
      third.stop()
    }
    try await trial.fetch([first.url(), second.url(), third.url()])
    try trial.expectOutput()
  }

  @Test("how far one source came with the index is not held against the next")
  func indexInParts() async throws {
    let trial = try Trial()
    let index = Int(trial.manifest.header.indexEnd)
    let dying = try FaultServer(trial.file) { request, response in
      if request.number == 1 { response.cut(after: index - 10) } else { response.become(404) }
    }
    let parts = try FaultServer(trial.file) { request, response in
      guard let range = request.range, range.lowerBound < index else { return }
      response.cut(after: index / 12)
    }
    defer {
      dying.stop()
      parts.stop()
    }
    try await trial.fetch([dying.url(), parts.url()])
    try trial.expectOutput()
  }

  @Test("a local mirror that is not there is left out")
  func missingFile() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url(), "file:///nowhere/m.bstk"])
    try trial.expectOutput()
    #expect(trial.warnings.contains { $0.contains("/nowhere/m.bstk") })
    await trial.expectFailure(.io, ["file:///nowhere/m.bstk"])
  }

  /// What a source does with requests for bytes of the file, having said which file it has.
  enum Refusal: CaseIterable, Sendable {
    case silence, brokenConnection, error, breach
  }

  @Test(
    "a source that brings nothing does not slow a good mirror down", arguments: Refusal.allCases,
    [1, 16])
  func uselessFirst(_ refusal: Refusal, connections: Int) async throws {
    let trial = try Trial()
    let useless = try FaultServer(trial.file) { request, response in
      if request.number <= 2 { return }
      switch refusal {
      case .silence: response.cut(after: 0, .stall)
      case .brokenConnection: response.becomeNothing()
      case .error: response.become(500)
      case .breach: response["Content-Encoding"] = "gzip"
      }
    }
    let odd = Counter()
    let good = try FaultServer(trial.file) { request, response in
      // Once it breaks the protocol as well, which is not held against it.
      if request.number > 4, refusal == .breach, odd.next() == 1 {
        response["Content-Encoding"] = "gzip"
      }
    }
    defer {
      useless.stop()
      good.stop()
    }
    var options = FetchOptions()
    options.maximumConnectionCount = connections
    var tuning = Trial.tuning
    tuning.firstConnectionCount = connections == 1 ? 1 : 2
    try await trial.fetch([useless.url(), good.url()], options: options, tuning: tuning)
    try trial.expectOutput()
    #expect(useless.requests.count <= 2 + 2 * connections)
  }

  @Test("a server that thinks long before its first byte is not interrupted again and again")
  func thinking() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number > 3 { response.delay = 0.8 }
    }
    defer { server.stop() }
    var options = FetchOptions()
    options.maximumConnectionCount = 4
    try await trial.fetch([server.url()], options: options)
    try trial.expectOutput()
    #expect(server.requests.count < 60)
  }
}
