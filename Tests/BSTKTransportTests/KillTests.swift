import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKTransport

@Suite("A fetch that is killed or that the disk fails", .serialized)
struct KillTests {
  @Test("loses nothing that had arrived", arguments: [0.1, 0.25, 0.4])
  func kill(after seconds: Double) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.number > 1 { response.pace = (8_000, 0.02) }
    }
    defer { server.stop() }
    let url = server.url()
    let output = trial.output
    var runs = 0
    while !FileManager.default.fileExists(atPath: output), runs < 12 {
      runs += 1
      await #expect(processExitsWith: .failure) {
        [url = url as String, output = output as String, seconds = seconds as Double] in
        Thread.detachNewThread {
          Thread.sleep(forTimeInterval: seconds)
          Foundation.kill(getpid(), SIGKILL)
        }
        try await Fetcher(tuning: Trial.tuning).fetch(
          FetchRequest(sources: [url], output: output))
        try await Task.sleep(for: .seconds(60))
      }
      trial.checkPartial()
    }
    try await trial.fetch([url])
    try trial.expectOutput()
    let spans = runs * 16 * Trial.tuning.maximumSpanByteCount
    #expect(server.bodyByteCount <= trial.file.count + spans + runs * 256)
  }

  @Test("says that the disk is full, and goes on once it is not")
  func fullDisk() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    let url = server.url()
    let output = trial.output
    await #expect(processExitsWith: .success) { [url = url as String, output = output as String] in
      // A limit on the size of files fails writes as a full disk does.
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1_000_000, rlim_max: 1_000_000)
      // SAFETY: the limit outlives the call.
      _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      do {
        try await Fetcher(tuning: Trial.tuning).fetch(
          FetchRequest(sources: [url], output: output))
        exit(3)
      } catch let error as BSTKError {
        exit(error.code == .io && error.offset != nil ? 0 : 4)
      }
    }
    trial.checkPartial()
    let before = server.bodyByteCount
    try await trial.fetch([url])
    try trial.expectOutput()
    // What had been stored is not moved again.
    #expect(server.bodyByteCount - before < trial.file.count - 500_000)
  }
}
