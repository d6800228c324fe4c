import BSTKCodec
import BSTKFormat
import BSTKTestSupport
import Testing

@testable import BSTKTransport

@Suite("Several sources, one of which sends damaged chunks")
struct DamagedSourceTests {
  @Test("a chunk that stays damaged is taken from a mirror")
  func mirror() async throws {
    let trial = try Trial()
    let offset = Int(trial.manifest.chunkOffset(9)) + 5
    let bad = try FaultServer(trial.file) { $1.flipBit(at: offset, of: $0) }
    let good = try FaultServer(trial.file)
    defer {
      bad.stop()
      good.stop()
    }
    try await trial.fetch([bad.url(), good.url()])
    try trial.expectOutput()
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
      response.flipBit(at: offset, of: request)
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

  @Test("a damaged chunk waits for a mirror that was told to wait", arguments: [false, true])
  func damagedBesideBusy(hasNoRanges: Bool) async throws {
    let trial = try Trial()
    let file = trial.file
    let offset = Int(trial.manifest.chunkOffset(9)) + 5
    let bad = try FaultServer(file) { request, response in
      if hasNoRanges { response.ignoreRange(file) }
      response.flipBit(at: offset, of: request)
    }
    let good = try FaultServer(file) { request, response in
      guard request.number == 1 else { return }
      response.become(503)
      response["Retry-After"] = "1"
    }
    defer {
      bad.stop()
      good.stop()
    }
    try await trial.fetch([bad.url(), good.url()])
    try trial.expectOutput()
    #expect(bad.requests.count < 40)
  }

  @Test("who damages chunks and who knows no ranges make a whole beside one that is always busy")
  func damagedStreamAndBusy() async throws {
    let trial = try Trial()
    let file = trial.file
    let offset = Int(trial.manifest.chunkOffset(9)) + 5
    let bad = try FaultServer(file) { $1.flipBit(at: offset, of: $0) }
    let stream = try FaultServer(file) { _, response in response.ignoreRange(file) }
    let busy = try FaultServer(file) { _, response in response.become(503) }
    defer {
      bad.stop()
      stream.stop()
      busy.stop()
    }
    try await trial.fetch([bad.url(), stream.url(), busy.url()])
    try trial.expectOutput()
  }

  @Test("a source that damaged chunks is better than none")
  func damagedOnce() async throws {
    let trial = try Trial()
    let start = Int(trial.manifest.header.indexEnd)
    let caching = try FaultServer(trial.file) { request, response in
      guard request.headers["cache-control"] == nil, let range = request.range else { return }
      let first = max(0, start - range.lowerBound) + 50_000
      for at in stride(from: first, to: response.body.count, by: 400_000) { response.body[at] ^= 1 }
    }
    let dying = try FaultServer(trial.file) { request, response in
      response.delay = 0.02
      if request.number > 4 { response.become(404) }
    }
    defer {
      caching.stop()
      dying.stop()
    }
    try await trial.fetch([caching.url(), dying.url()])
    try trial.expectOutput()
  }
}
