import BSTKCodec
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKTransport

@Suite("A fetch from a sound server")
struct FetchTests {
  @Test("brings the whole file")
  func whole() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let summary = try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(summary.fileByteCount == UInt64(trial.file.count))
    #expect(summary.chunkCount == trial.manifest.chunks.count)
    #expect(summary.payloadByteCount == UInt64(trial.file.count))
    #expect(summary.wastedByteCount == 0)
    #expect(server.bodyByteCount == trial.file.count)
    #expect(server.requests.allSatisfy { $0.headers["accept-encoding"] == "identity" })
  }

  @Test("brings exactly the cut that a budget buys", arguments: [-1, 0, 1])
  func budgets(around: Int) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let border = Int(trial.manifest.chunkEnd(12))
    let cut = try trial.cut(border + around)
    let budget = Budget(fileByteCount: UInt64(border + around))
    let summary = try await trial.fetch([server.url()], budget)
    #expect(summary.chunkCount == (around < 0 ? 12 : 13))
    try trial.expectOutput(Int(cut.fileByteCount))
    #expect(server.bodyByteCount == Int(cut.fileByteCount))
  }

  @Test("says what a budget must be, having read the index alone")
  func tooSmall() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let index = Int(trial.manifest.header.indexEnd)
    await trial.expectFailure(.budget, [server.url()], Budget(fileByteCount: 300))
    #expect(server.bodyByteCount == index)
    #expect(try trial.folder.contents() == [])
  }

  @Test("opens a file with one request")
  func opens() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let remote = try await Fetcher(tuning: Trial.tuning).manifest(of: server.url())
    #expect(remote.manifest == trial.manifest)
    #expect(remote.byteCount == UInt64(trial.file.count))
    #expect(remote.supportsRanges)
    #expect(server.requests.count == 1)
  }

  @Test("reads file addresses", arguments: [nil, 5_000_000])
  func fileAddress(bytesPerSecond: Int?) async throws {
    let trial = try Trial()
    let path = try trial.folder.write(trial.file, to: "source.bstk")
    let cut = try trial.cut(trial.file.count / 2)
    var options = FetchOptions()
    options.bytesPerSecondLimit = bytesPerSecond
    try await trial.fetch(
      ["file://\(path)"], Budget(fileByteCount: cut.fileByteCount), options: options)
    #expect(
      try trial.folder.read("out.bstk").elementsEqual(trial.file.prefix(Int(cut.fileByteCount))))
  }

  @Test("tells how far it is in a local file, and stops in the middle of it")
  func fileCancelled() async throws {
    let trial = try Trial()
    let path = try trial.folder.write(trial.file, to: "source.bstk")
    let request = FetchRequest(sources: ["file://\(path)"], output: trial.output)
    var tuning = Trial.tuning
    tuning.firstRequestByteCount = trial.file.count
    tuning.progressSeconds = 0
    let fetcher = Fetcher(tuning: tuning)
    let task = Lock<Task<FetchSummary, any Error>?>(nil)
    let storedByteCount = Lock<UInt64>(0)
    task.withLock {
      $0 = Task {
        try await fetcher.fetch(request) { event in
          guard case .progress(let progress) = event, progress.storedByteCount > 1_000_000 else {
            return
          }
          storedByteCount.withLock { $0 = progress.storedByteCount }
          task.withLock { $0 }?.cancel()
        }
      }
    }
    let result = await task.withLock { $0 }?.result
    #expect(throws: BSTKError.self) { try result?.get() }
    #expect(storedByteCount.withLock { $0 } < 2_000_000)
    #expect(try trial.folder.contents().contains("out.bstk.part"))
    trial.checkPartial()
  }

  @Test("refuses what is not a model", arguments: ["", "hello", "<html>not found</html>"])
  func notAModel(text: String) async throws {
    let trial = try Trial()
    let server = try FaultServer(
      text == "hello" ? Array(String(repeating: "hello ", count: 100).utf8) : Array(text.utf8))
    defer { server.stop() }
    do {
      try await trial.fetch([server.url()])
      Issue.record("succeeded")
    } catch let error as BSTKError {
      #expect([.magic, .tooShort, .remoteTruncated].contains(error.code), "\(error)")
    }
    #expect(try trial.folder.contents() == [])
  }

  @Test("obeys a pinned root digest")
  func pinned() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let wrong = String(repeating: "0", count: 64)
    await trial.expectFailure(.rootDigest, [server.url("/m.bstk#root=\(wrong)")])
    let root = trial.manifest.rootDigest.hex
    try await trial.fetch([server.url("/m.bstk#root=\(root)")])
    try trial.expectOutput()
    let count = server.requests.count
    try await trial.fetch([server.url("/m.bstk#root=\(root)")])
    #expect(server.requests.count == count)
  }

  @Test("hands over verified chunks in order while it runs", arguments: [100_000, .max])
  func blocks(lookahead: Int) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let request = FetchRequest(sources: [server.url()], output: trial.output)
    var next = 0
    for try await block in Fetcher(tuning: Trial.tuning)
      .verifiedBlocks(request, lookaheadByteCount: lookahead)
    {
      #expect(block.index == next)
      let start = Int(trial.manifest.chunkOffset(next))
      let bytes = try await block.storedBytes()
      #expect(bytes.elementsEqual(trial.file[start..<(start + bytes.count)]))
      next += 1
    }
    #expect(next == trial.manifest.chunks.count)
    try trial.expectOutput()
  }

  @Test("what has just arrived is handed over from memory, whole and damaged chunks among it")
  func handedOver() async throws {
    let trial = try Trial()
    let damaged = Int(trial.manifest.chunkOffset(3)) + 1
    let server = try FaultServer(trial.file) { request, response in
      if let range = request.range, range.contains(damaged), request.number < 4 {
        response.body[damaged - range.lowerBound] ^= 1
      }
    }
    defer { server.stop() }
    let request = FetchRequest(sources: [server.url()], output: trial.output)
    var blocks: [VerifiedBlock] = []
    for try await block in Fetcher(tuning: Trial.tuning).verifiedBlocks(request) {
      blocks.append(block)
    }
    #expect(blocks.count == trial.manifest.chunks.count)
    // Nothing is left to be read.
    try FileManager.default.removeItem(atPath: trial.output)
    for block in blocks {
      let start = Int(trial.manifest.chunkOffset(block.index))
      let bytes = try await block.storedBytes()
      #expect(bytes.elementsEqual(trial.file[start..<(start + bytes.count)]))
    }
  }

  @Test("chunks are kept within a bound; room that is given back is used again")
  func kept() {
    let kept = KeptChunks(byteLimit: 100)
    #expect(kept.reserve(90) && !kept.reserve(20) && kept.reserve(10))
    kept.keep([1, 2, 3], ofChunk: 7)
    #expect(kept.take(7) == [1, 2, 3] && kept.take(7) == nil)
    #expect(!kept.reserve(1))
    kept.release(90)
    #expect(kept.reserve(50) && !kept.reserve(50))
    kept.removeAll()
    // A chunk that is larger than the bound is not refused for ever.
    #expect(kept.reserve(1_000) && !kept.reserve(1))
  }

  @Test("runs no further ahead of its consumer than allowed, and stops with it")
  func backPressure() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let request = FetchRequest(sources: [server.url()], output: trial.output)
    do {
      var blocks = Fetcher(tuning: Trial.tuning)
        .verifiedBlocks(request, lookaheadByteCount: 100_000).makeAsyncIterator()
      let first = try await blocks.next()
      #expect(first?.index == 0)
      try await Task.sleep(for: .seconds(0.3))
      #expect(server.bodyByteCount < 1_500_000)
    }
    // The session notices the end of its consumer and leaves a state to go on from.
    for _ in 0..<200 where server.requests.count < 100 {
      if (try? trial.folder.read("out.bstk.part.journal")) != nil { break }
      try await Task.sleep(for: .seconds(0.02))
    }
    try await Task.sleep(for: .seconds(0.2))
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test(
    "runs no further ahead of its consumer on a server without ranges", arguments: [false, true])
  func backPressureOfStream(isDamaged: Bool) async throws {
    let trial = try Trial()
    let file = trial.file
    let offset = Int(trial.manifest.chunkOffset(1)) + 9
    let server = try FaultServer(file) { request, response in
      response.ignoreRange(file)
      if isDamaged, request.number == 1 { response.body[offset] ^= 1 }
      response.pace = (32 << 10, 0.002)
    }
    defer { server.stop() }
    let request = FetchRequest(sources: [server.url()], output: trial.output)
    var tuning = Trial.tuning
    tuning.stallSeconds = 0.5
    tuning.hopelessSeconds = 1
    var blocks = Fetcher(tuning: tuning)
      .verifiedBlocks(request, lookaheadByteCount: 100_000).makeAsyncIterator()
    #expect(try await blocks.next()?.index == 0)
    // Longer than any limit of silence: waiting for the consumer is no stall.
    try await Task.sleep(for: .seconds(1.5))
    if !isDamaged { #expect(try trial.folder.read("out.bstk.part").count < 800_000) }
    var count = 1
    while try await blocks.next() != nil { count += 1 }
    #expect(count == trial.manifest.chunks.count)
    try trial.expectOutput()
    #expect(server.requests.count == (isDamaged ? 2 : 1))
  }

  @Test(
    "a local file that is no model, or not all of it, is called by its name",
    arguments: [0, 9, 200, 3000])
  func shortFile(byteCount: Int) async throws {
    let trial = try Trial()
    try trial.folder.write(Array(trial.file.prefix(byteCount)), to: "source.bstk")
    let url = "file://\(trial.folder.file("source.bstk"))"
    await trial.expectFailure(byteCount < 3000 ? .tooShort : .remoteTruncated, [url])
    if byteCount < 3000 { #expect(try trial.folder.contents() == ["source.bstk"]) }
  }

  @Test("the least lookahead is enough, even where a chunk comes damaged", arguments: [0, 9])
  func leastLookahead(damagedChunk: Int) async throws {
    let trial = try Trial()
    let file = trial.file
    let offset = Int(trial.manifest.chunkOffset(damagedChunk)) + 1
    let server = try FaultServer(file) { request, response in
      response.ignoreRange(file)
      if request.number == 1 { response.body[offset] ^= 1 }
    }
    defer { server.stop() }
    let request = FetchRequest(sources: [server.url()], output: trial.output)
    var tuning = Trial.tuning
    tuning.hopelessSeconds = 5
    for lookahead in [0, Int(trial.manifest.header.indexEnd) - 1] {
      var count = 0
      for try await _ in Fetcher(tuning: tuning)
        .verifiedBlocks(request, lookaheadByteCount: lookahead)
      {
        count += 1
      }
      #expect(count == trial.manifest.chunks.count)
    }
    try trial.expectOutput()
  }
}
