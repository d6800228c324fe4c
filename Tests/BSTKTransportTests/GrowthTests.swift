import BSTKCodec
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKTransport

@Suite("Growing an output")
struct GrowthTests {
  @Test("grows by what is missing, never shrinks, and asks for nothing twice")
  func grows() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    var moved = 0
    var size = 0
    for border in [8, 20, 14, trial.manifest.chunks.count - 1] {
      for around in [-1, 0, 1] {
        let budget = Int(trial.manifest.chunkEnd(border)) + around
        let cut = try trial.cut(budget)
        let requestCount = server.requests.count
        let summary = try await trial.fetch(
          [server.url()], Budget(fileByteCount: UInt64(budget)))
        let expected = max(size, Int(cut.fileByteCount))
        try trial.expectOutput(expected)
        let check = size == 0 ? 0 : 256
        #expect(server.bodyByteCount - moved == expected - size + check)
        #expect(summary.fileByteCount == UInt64(expected))
        if expected == size {
          // Only the header is compared.
          #expect(server.requests.dropFirst(requestCount).map(\.range) == [0..<256])
        }
        moved = server.bodyByteCount
        size = expected
      }
    }
  }

  @Test("keeps an output valid while it is being grown")
  func interruptedGrowth() async throws {
    let trial = try Trial()
    let cut = Int(try trial.cut(trial.file.count / 3).fileByteCount)
    try trial.folder.write(Array(trial.file.prefix(cut)), to: "out.bstk")
    let before = try await trial.interrupt()
    #expect(try trial.folder.read("out.bstk") == Array(trial.file.prefix(cut)))
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    // What was on its way when the first server went away is lost.
    #expect(before + server.bodyByteCount <= trial.file.count - cut + 300_000)
  }

  @Test("grows an output that a kill left with a tail")
  func tail() async throws {
    let trial = try Trial()
    let cut = Int(try trial.cut(trial.file.count / 3).fileByteCount)
    try trial.folder.write(Array(trial.file.prefix(cut + 5_000)), to: "out.bstk")
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url()], Budget(fileByteCount: UInt64(cut + 200_000)))
    try trial.expectOutput(Int(try trial.cut(cut + 200_000).fileByteCount))
  }

  @Test("replaces a damaged chunk of an output")
  func repairs() async throws {
    let trial = try Trial()
    var bytes = trial.file
    bytes[Int(trial.manifest.chunkOffset(7)) + 3] ^= 1
    try trial.folder.write(bytes, to: "out.bstk")
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(server.bodyByteCount < 256 + 140_000)
  }

  @Test("keeps more than asked for when a larger growth was interrupted")
  func smallerGrowth() async throws {
    let trial = try Trial()
    let cut = Int(try trial.cut(trial.file.count / 4).fileByteCount)
    try trial.folder.write(Array(trial.file.prefix(cut)), to: "out.bstk")
    _ = try await trial.interrupt(afterRequests: 8)
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let budget = Budget(fileByteCount: UInt64(cut + 200_000))
    let summary = try await trial.fetch([server.url()], budget)
    try trial.expectOutput(Int(summary.fileByteCount))
  }

  @Test("removes what lies behind the last chunk of an output that is complete")
  func completeWithTail() async throws {
    let trial = try Trial()
    try trial.folder.write(trial.file + [1, 2, 3], to: "out.bstk")
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(trial.warnings.contains { $0.contains("removed 3 bytes") })
  }

  @Test("keeps verified chunks that lie behind what a smaller growth needs")
  func keptBehindGap() async throws {
    let trial = try Trial()
    let cut = Int(try trial.cut(trial.file.count / 4).fileByteCount)
    try trial.folder.write(Array(trial.file.prefix(cut)), to: "out.bstk")
    // Of an interrupted growth: a few chunks far behind the output.
    let range = Int(trial.manifest.chunkOffset(20))..<Int(trial.manifest.chunkEnd(24))
    var bytes = [UInt8](repeating: 0, count: range.upperBound)
    bytes.replaceSubrange(range, with: trial.file[range])
    bytes.replaceSubrange(
      ..<Int(trial.manifest.header.indexEnd),
      with: trial.file.prefix(Int(trial.manifest.header.indexEnd)))
    try trial.folder.write(bytes, to: "out.bstk.part")
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let larger = Int(try trial.cut(trial.file.count / 2).fileByteCount)
    try await trial.fetch([server.url()], Budget(fileByteCount: UInt64(larger)))
    #expect(try trial.folder.read("out.bstk") == Array(trial.file.prefix(larger)))
    let before = server.bodyByteCount
    try await trial.fetch([server.url()])
    try trial.expectOutput()
    #expect(server.bodyByteCount - before <= trial.file.count - larger - range.count + 1024)
  }

  @Test("does not gather in a partial file that the output is a link to")
  func outputIsLink() async throws {
    let trial = try Trial()
    let part = Array(trial.file.prefix(Int(trial.manifest.chunkEnd(14))))
    try trial.folder.write(part, to: "out.bstk.part")
    try FileManager.default.createSymbolicLink(
      atPath: trial.output, withDestinationPath: "out.bstk.part")
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    await trial.expectFailure(.exists, [server.url()])
    #expect(try trial.folder.read("out.bstk.part") == part)
  }
}
