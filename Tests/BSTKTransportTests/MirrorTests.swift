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

  @Test("a source whose every chunk is damaged is left for a slow mirror")
  func damagedSource() async throws {
    let trial = try Trial()
    let start = Int(trial.manifest.header.indexEnd)
    let bad = try FaultServer(trial.file) { request, response in
      let first = request.range?.lowerBound ?? 0
      for offset in stride(from: max(start - first, 0) + 5, to: response.body.count, by: 20_000) {
        response.body[offset] ^= 1
      }
    }
    let good = try FaultServer(trial.file) { _, response in response.delay = 0.05 }
    defer {
      bad.stop()
      good.stop()
    }
    let summary = try await trial.fetch([bad.url(), good.url()])
    try trial.expectOutput()
    #expect(summary.damagedChunkCount > 0)
    #expect(trial.warnings.contains { $0.contains("damaged chunks") })
    // It was not asked for much more once it was known for what it is.
    #expect(bad.bodyByteCount < trial.file.count * 3 / 2)
  }

  @Test("a chunk that a source keeps damaging is taken from a mirror that knows no ranges")
  func damagedBesideStream() async throws {
    let trial = try Trial()
    let file = trial.file
    let offset = Int(trial.manifest.chunkOffset(9)) + 5
    let bad = try FaultServer(file) { request, response in
      let first = request.range?.lowerBound ?? 0
      guard first <= offset, offset - first < response.body.count else { return }
      response.body[offset - first] ^= 1
    }
    let stream = try FaultServer(file) { request, response in
      if request.number > 1 { response.ignoreRange(file) }
    }
    defer {
      bad.stop()
      stream.stop()
    }
    try await trial.fetch([bad.url(), stream.url()])
    try trial.expectOutput()
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
}
