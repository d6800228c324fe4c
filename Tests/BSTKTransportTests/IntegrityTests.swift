import BSTKCodec
import BSTKFormat
import BSTKTestSupport
import Testing

@testable import BSTKTransport

@Suite("Bytes that are not the published ones")
struct IntegrityTests {
  @Test("one damaged chunk alone is fetched again")
  func once() async throws {
    let trial = try Trial()
    let offset = Int(trial.manifest.chunkOffset(12)) + 1000
    let server = try FaultServer(trial.file) { request, response in
      if request.headers["cache-control"] == nil { response.flipBit(at: offset, of: request) }
    }
    defer { server.stop() }
    let summary = try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(summary.damagedChunkCount == 1)
    #expect(trial.retries.map(\.code) == [.chunkHash])
    let length = Int(trial.manifest.chunkEnd(12) - trial.manifest.chunkEnd(11))
    #expect(server.bodyByteCount == trial.file.count + length)
    #expect(summary.wastedByteCount == UInt64(length))
  }

  @Test("damage of padding counts as damage")
  func padding() async throws {
    let trial = try Trial()
    let chunk = try #require(
      trial.manifest.chunks.indices.dropFirst().first {
        trial.manifest.chunkOffset($0) > trial.manifest.chunkEnd($0 - 1)
      })
    let offset = Int(trial.manifest.chunkOffset(chunk)) - 1
    let server = try FaultServer(trial.file) { request, response in
      if request.headers["cache-control"] == nil { response.flipBit(at: offset, of: request) }
    }
    defer { server.stop() }
    let summary = try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(summary.damagedChunkCount == 1)
  }

  @Test("a chunk that stays damaged without a mirror is named; all else is kept")
  func hopeless() async throws {
    let trial = try Trial()
    let offset = Int(trial.manifest.chunkOffset(9)) + 5
    let bad = try FaultServer(trial.file) { $1.flipBit(at: offset, of: $0) }
    defer { bad.stop() }
    await trial.expectFailure(.chunkHash, [bad.url()])
    #expect(trial.retries.count == 2)
    #expect(try trial.folder.contents() == ["out.bstk.part", "out.bstk.part.journal"])
    // From a good server only what is missing is moved.
    let good = try FaultServer(trial.file)
    defer { good.stop() }
    try await trial.fetch([good.url()])
    try trial.expectOutput()
    #expect(good.bodyByteCount < trial.file.count)
  }

  @Test("a damaged index is refused before anything is stored")
  func index() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { $1.flipBit(at: 400, of: $0) }
    defer { server.stop() }
    await trial.expectFailure(.indexHash, [server.url()])
    #expect(try trial.folder.contents() == [])
  }

  @Test("a source with a damaged index gives way to its mirror")
  func indexOfMirror() async throws {
    let trial = try Trial()
    let bad = try FaultServer(trial.file) { $1.flipBit(at: 400, of: $0) }
    let good = try FaultServer(trial.file)
    defer {
      bad.stop()
      good.stop()
    }
    try await trial.fetch([bad.url(), good.url()])
    try trial.expectOutput()
    #expect(trial.warnings.contains { $0.contains("INDEX_HASH") })
  }

  @Test("an index that comes in parts with a new tag each is put together")
  func taggedParts() async throws {
    let trial = try Trial()
    let total = trial.file.count
    let server = try FaultServer(trial.file) { request, response in
      response["ETag"] = "\"\(request.number)\""
      guard let range = request.range, range.lowerBound < 3000, range.count > 1000 else { return }
      response.body = Array(response.body.prefix(1000))
      response["Content-Length"] = "1000"
      response["Content-Range"] = "bytes \(range.lowerBound)-\(range.lowerBound + 999)/\(total)"
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(server.requests.count < 100)
  }

  @Test("a file replaced in the middle ends the fetch; the next one starts over")
  func replacedDuring() async throws {
    let trial = try Trial()
    let other = try Trial.model(seed: 2)
    let replacement = Flag()
    let server = try FaultServer(trial.file) { request, response in
      if request.number > 4 {
        response = FaultResponse(request, file: other, entityTag: "\"second\"")
        replacement.note()
      }
    }
    defer { server.stop() }
    await trial.expectFailure(.remoteChanged, [server.url()])
    #expect(replacement.isNoted)
    let changed = try FaultServer(other)
    defer { changed.stop() }
    try await trial.fetch([changed.url()])
    #expect(try trial.folder.read("out.bstk") == other)
    #expect(trial.warnings.contains { $0.contains("has changed") })
  }

  @Test("an entity tag that changes while the file does not is no alarm")
  func randomTags() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      response["ETag"] = "\"\(request.number)\""
    }
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test("chunks that a new edition shares with an old one are kept")
  func replacedBetween() async throws {
    let trial = try Trial()
    // The same chunks in the same places; only the last one, and so the root, is another.
    var edition = trial.file
    edition[edition.count - 9] ^= 1
    var chunks = trial.manifest.chunks
    let last = chunks.count - 1
    let start = Int(trial.manifest.chunkOffset(last))
    let stored = Array(edition[start...])
    chunks[last].digest = SHA256Hasher.digest(of: stored.span)
    let manifest = try Manifest(
      matrices: trial.manifest.matrices, objects: trial.manifest.objects, chunks: chunks,
      extensions: trial.manifest.extensions)
    let head = manifest.serialized()
    edition.replaceSubrange(..<head.count, with: head)

    let old = try FaultServer(trial.file) { request, response in
      if request.number > 4 { response.become(404) }
    }
    defer { old.stop() }
    await trial.expectFailure(.remoteMissing, [old.url()])
    let new = try FaultServer(edition)
    defer { new.stop() }
    try await trial.fetch([new.url()])
    #expect(try trial.folder.read("out.bstk") == edition)
    #expect(old.bodyByteCount + new.bodyByteCount < trial.file.count + 300_000)
  }

  @Test("an output that is another edition is not touched")
  func outputOfAnotherEdition() async throws {
    let trial = try Trial()
    let other = try Trial.model(seed: 2)
    try trial.folder.write(other, to: "out.bstk")
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    await trial.expectFailure(.remoteChanged, [server.url()])
    #expect(try trial.folder.read("out.bstk") == other)
  }

  @Test("an output that is no model is not touched")
  func foreignOutput() async throws {
    let trial = try Trial()
    try trial.folder.write(Array("my diary".utf8), to: "out.bstk")
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    await trial.expectFailure(.exists, [server.url()])
    #expect(try trial.folder.read("out.bstk") == Array("my diary".utf8))
    #expect(server.requests.isEmpty)
  }
}
