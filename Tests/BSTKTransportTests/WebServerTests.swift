import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKTransport

@Suite("A fetch from nginx")
struct WebServerTests {
  private let trial: Trial
  private let published: TemporaryFolder
  private let work: TemporaryFolder

  init() throws {
    trial = try Trial()
    published = try TemporaryFolder()
    work = try TemporaryFolder()
    try published.write(trial.file, to: "m.bstk")
  }

  @Test("moves the prefix, and then only the difference")
  func grows() async throws {
    guard let server = try await WebServer(published.path, work: work.path) else { return }
    let small = try trial.cut(1_200_000)
    try await trial.fetch([server.url("m.bstk")], Budget(fileByteCount: 1_200_000))
    try trial.expectOutput(Int(small.fileByteCount))
    let large = try trial.cut(1_800_000)
    try await trial.fetch([server.url("m.bstk")], Budget(fileByteCount: 1_800_000))
    try trial.expectOutput(Int(large.fileByteCount))
    try await Task.sleep(for: .seconds(0.1))
    #expect(try server.bodyByteCount == Int(large.fileByteCount) + 256)
  }

  @Test("opens a file with one request")
  func opens() async throws {
    guard let server = try await WebServer(published.path, work: work.path) else { return }
    let remote = try await Fetcher().manifest(of: server.url("m.bstk"))
    #expect(remote.manifest == trial.manifest)
    #expect(remote.requestCount == 1)
  }

  @Test("says that a file is missing")
  func missing() async throws {
    guard let server = try await WebServer(published.path, work: work.path) else { return }
    await trial.expectFailure(.remoteMissing, [server.url("other.bstk")])
  }

  @Test("trusts only the certificates it was given, and is never led from https to http")
  func secure() async throws {
    guard let certificate = try await Certificate(in: work),
      let server = try await WebServer(
        published.path, work: work.path, certificate: certificate)
    else { return }
    let base = "https://127.0.0.1:\(server.securePort)"
    await trial.expectFailure(.tls, [base + "/m.bstk"])
    var options = FetchOptions()
    options.certificateAuthorityFile = certificate.path
    await trial.expectFailure(.redirect, [base + "/down.bstk"], options: options)
    try await trial.fetch([base + "/m.bstk"], options: options)
    try trial.expectOutput()
  }
}
