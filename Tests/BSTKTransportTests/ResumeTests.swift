import BSTKCodec
import BSTKFormat
import BSTKStore
import Foundation
import BSTKTestSupport
import Testing

@testable import BSTKTransport

@Suite("Resuming")
struct ResumeTests {
  @Test("goes on where it stopped")
  func resumes() async throws {
    let trial = try Trial()
    let before = try await trial.interrupt()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(before + server.bodyByteCount <= trial.file.count + 300_000)
    #expect(before > 300_000)
  }

  /// What may have happened to a journal.
  enum Damage: CaseIterable, Sendable {
    case deleted, empty, torn, foreign, newer, lying, binary
  }

  @Test("does not trust its journal", arguments: Damage.allCases)
  func journal(_ damage: Damage) async throws {
    let trial = try Trial()
    let before = try await trial.interrupt()
    let path = trial.folder.file("out.bstk.part.journal")
    let text = String(decoding: try trial.folder.read("out.bstk.part.journal"), as: UTF8.self)
    let lines = text.split(separator: "\n")
    let replacement: String? =
      switch damage {
      case .deleted: nil
      case .empty: ""
      case .torn: String(text.dropLast(7))
      case .foreign:
        text.replacing(
          "root \(trial.manifest.rootDigest.hex)", with: "root " + String(repeating: "a", count: 64)
        )
      case .newer: text.replacing("journal 1", with: "journal 2")
      case .lying: lines.prefix(2).joined(separator: "\n") + "\n+ 0 \(trial.file.count)\n"
      case .binary: "\u{0}\u{1}garbage"
      }
    if let replacement {
      try trial.folder.write(Array(replacement.utf8), to: "out.bstk.part.journal")
    } else {
      try FileManager.default.removeItem(atPath: path)
    }
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    // Without a journal only whole chunks are recognised; a chunk has 133 kB.
    #expect(before + server.bodyByteCount <= trial.file.count + 4 * 134_000)
  }

  @Test("goes on from another address of the same file, and never mixes in that of another")
  func otherAddress() async throws {
    let trial = try Trial()
    let before = try await trial.interrupt()
    let mirror = try FaultServer(trial.file)
    let stranger = try FaultServer(try Trial.model(seed: 2))
    defer {
      mirror.stop()
      stranger.stop()
    }
    // The journal and the partial file are the first model's; the address is that of another.
    let folder = try TemporaryFolder()
    for name in try trial.folder.contents() {
      try folder.write(trial.folder.read(name), to: name)
    }
    try await Fetcher(tuning: Trial.tuning).fetch(
      FetchRequest(sources: [stranger.url()], output: folder.file("out.bstk")))
    #expect(try folder.read("out.bstk") == Trial.model(seed: 2))
    #expect(try folder.contents() == ["out.bstk"])

    try await trial.fetch([mirror.url("/elsewhere/model.bstk")])
    try trial.expectOutput()
    #expect(before + mirror.bodyByteCount <= trial.file.count + 300_000)
  }

  @Test("does not trust the partial file")
  func damagedPartial() async throws {
    let trial = try Trial()
    _ = try await trial.interrupt()
    var bytes = try trial.folder.read("out.bstk.part")
    bytes[Int(trial.manifest.chunkOffset(2)) + 3] ^= 1
    try trial.folder.write(Array(bytes.dropLast(50_000)), to: "out.bstk.part")
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test("counts only what comes anew when the beginning of a chunk turns out to be damaged")
  func damagedBeginning() async throws {
    func summary(damaged: Bool) async throws -> FetchSummary {
      let trial = try Trial()
      var bytes = Array(trial.file.prefix(Int(trial.manifest.chunkEnd(4)) + 50_000))
      if damaged { bytes[bytes.count - 1000] ^= 1 }
      try trial.folder.write(bytes, to: "out.bstk.part")
      _ = try FetchJournal(
        trial.folder.file("out.bstk.part.journal"),
        contents: .init(
          root: trial.manifest.rootDigest.hex, present: ByteRangeSet(0..<bytes.count)))
      let server = try FaultServer(trial.file)
      defer { server.stop() }
      let summary = try await trial.fetch([server.url()])
      try trial.expectOutput()
      #expect(
        server.bodyByteCount == Int(summary.payloadByteCount + summary.wastedByteCount))
      return summary
    }
    let manifest = try Trial().manifest
    let rest = manifest.chunkEnd(5) - manifest.chunkEnd(4) - 50_000
    let sound = try await summary(damaged: false)
    let damaged = try await summary(damaged: true)
    #expect(damaged.damagedChunkCount == 1 && sound.damagedChunkCount == 0)
    #expect(damaged.payloadByteCount == sound.payloadByteCount + 50_000)
    #expect(damaged.wastedByteCount == sound.wastedByteCount + rest)
  }

  @Test("starts over from a partial file that is not one")
  func foreignPartial() async throws {
    let trial = try Trial()
    try trial.folder.write(Array(repeating: 7, count: 500_000), to: "out.bstk.part")
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test("keeps more than asked for when a larger fetch was interrupted")
  func smallerBudget() async throws {
    let trial = try Trial()
    _ = try await trial.interrupt(afterRequests: 8)
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let cut = try trial.cut(700_000)
    let summary = try await trial.fetch([server.url()], Budget(fileByteCount: 700_000))
    #expect(summary.fileByteCount >= cut.fileByteCount)
    try trial.expectOutput(Int(summary.fileByteCount))
  }

  @Test("keeps verified chunks that lie behind what a smaller new file needs")
  func keptBehindNewFile() async throws {
    let trial = try Trial()
    let ends = trial.manifest.chunks.indices.map { Int(trial.manifest.chunkEnd($0)) }
    var part = Array(trial.file.prefix(ends[4]))
    part += [UInt8](repeating: 0, count: ends[11] - ends[4])
    part += trial.file[ends[11]..<ends[20]]
    try trial.folder.write(part, to: "out.bstk.part")
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url()], Budget(fileByteCount: UInt64(ends[6])))
    #expect(try trial.folder.read("out.bstk") == Array(trial.file.prefix(ends[6])))
    #expect(trial.warnings.contains { $0.contains("keeps verified chunks") })
    #expect(
      try trial.folder.contents() == ["out.bstk", "out.bstk.part", "out.bstk.part.journal"])
    let before = server.bodyByteCount
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(server.bodyByteCount - before <= ends[11] - ends[6] + trial.file.count - ends[20] + 512)
  }

  @Test("clears up after a kill between the two names of a finished file")
  func killedAfterNaming() async throws {
    let trial = try Trial()
    try trial.folder.write(trial.file, to: "out.bstk")
    try FileManager.default.linkItem(atPath: trial.output, toPath: trial.output + ".part")
    _ = try FetchJournal(
      trial.output + ".part.journal",
      contents: .init(
        root: trial.manifest.rootDigest.hex, present: ByteRangeSet(0..<trial.file.count)))
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test("a file that somebody makes meanwhile under the output's name is not replaced")
  func madeMeanwhile() async throws {
    let trial = try Trial()
    let folder = trial.folder
    let server = try FaultServer(trial.file) { request, _ in
      if request.number == 3 { _ = try? folder.write(Array("mine".utf8), to: "out.bstk") }
    }
    defer { server.stop() }
    await trial.expectFailure(.exists, [server.url()])
    #expect(try folder.read("out.bstk") == Array("mine".utf8))
    #expect(try folder.contents().contains("out.bstk.part"))
    try FileManager.default.removeItem(atPath: trial.output)
    let before = server.bodyByteCount
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(server.bodyByteCount - before <= 256)
  }

  @Test("a fetch that is stopped while it looks at what is here loses nothing of it")
  func stoppedAtStart() async throws {
    let trial = try Trial()
    _ = try await trial.interrupt(afterRequests: 8)
    let journal = try #require(FetchJournal.load(trial.folder.file("out.bstk.part.journal")))
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let request = FetchRequest(sources: [server.url()], output: trial.output)
    let fetch = Task { try await Fetcher(tuning: Trial.tuning).fetch(request) }
    fetch.cancel()
    await #expect(throws: (any Error).self) { try await fetch.value }
    #expect(FetchJournal.load(trial.folder.file("out.bstk.part.journal")) == journal)
  }

  @Test("lets one process at a time fetch an output")
  func busy() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    do {
      let holder = try OutputFile.exclusive(trial.folder.file("out.bstk.part"))
      await trial.expectFailure(.busy, [server.url()])
      #expect(try holder.byteCount() == 0)
    }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
  }

  @Test("stops when its task is cancelled, and goes on later")
  func cancelled() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number > 4 { response.cut(after: 1_000, .stall) }
    }
    defer { server.stop() }
    var tuning = Trial.tuning
    tuning.stallSeconds = 600
    tuning.takeoverSeconds = 600
    tuning.hopelessSeconds = 600
    let patient = tuning
    let task = Task { try await trial.fetch([server.url()], tuning: patient) }
    while server.requests.count < 5 { try await Task.sleep(for: .seconds(0.01)) }
    task.cancel()
    do {
      _ = try await task.value
      Issue.record("the fetch succeeded")
    } catch let error as BSTKError {
      #expect(error.code == .cancelled)
    }
    trial.checkPartial()
    let sent = server.bodyByteCount
    let quick = try FaultServer(trial.file)
    defer { quick.stop() }
    try await trial.fetch([quick.url()])
    try trial.expectOutput()
    #expect(quick.bodyByteCount < trial.file.count - sent / 2)
  }

  @Test("refuses a folder it may not write to, before anything is moved")
  func unwritable() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    do {
      try await Fetcher(tuning: Trial.tuning).fetch(
        FetchRequest(sources: [server.url()], output: trial.folder.file("missing/out.bstk")))
      Issue.record("the fetch succeeded")
    } catch let error as BSTKError {
      #expect(error.code == .io)
    }
    #expect(server.bodyByteCount <= 256 << 10)
  }
}
