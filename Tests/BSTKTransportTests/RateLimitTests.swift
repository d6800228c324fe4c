import BSTKStore
import BSTKTestSupport
import Testing

@testable import BSTKTransport

@Suite("A limited rate")
struct RateLimitTests {
  @Test("holds for all connections together, however many there are", arguments: [1, 16])
  func sum(connectionCount: Int) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    var tuning = Trial.tuning
    tuning.firstConnectionCount = connectionCount
    var options = FetchOptions()
    options.maximumConnectionCount = connectionCount
    options.bytesPerSecondLimit = 1_000_000
    let start = ContinuousClock.now
    let samples = Lock<[(seconds: Double, byteCount: UInt64)]>([])
    let summary = try await Fetcher(tuning: tuning).fetch(
      FetchRequest(sources: [server.url()], output: trial.output, options: options)
    ) { event in
      guard case .progress(let progress) = event else { return }
      let seconds = start.duration(to: .now) / .seconds(1)
      samples.withLock { $0.append((seconds, progress.storedByteCount)) }
    }
    try trial.expectOutput()
    #expect(start.duration(to: .now) >= .seconds(Double(trial.file.count) / 1.2e6))
    for sample in samples.withLock({ $0 }) {
      #expect(Double(sample.byteCount) <= 1.1e6 * sample.seconds + 600_000, "\(sample)")
    }
    #expect(connectionCount == 1 || summary.connectionCount > 4, "\(summary.connectionCount)")
    #expect(trial.retries.isEmpty)
  }
}
