import BSTKFormat
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
  }
}
