import Foundation
import Subprocess
import Testing

@testable import BSTKServer

/// Whether the peer is on this machine; said once when not.
private let hasCurl: Bool = {
  let found = ["/usr/bin/curl", "/bin/curl", "/usr/local/bin/curl", "/opt/homebrew/bin/curl"]
    .contains { FileManager.default.isExecutableFile(atPath: $0) }
  if !found { print("skipped: no curl on this machine") }
  return found
}()

@Suite("curl as the client", .enabled(if: hasCurl, "curl is not installed"))
struct CurlTests {
  let fixture: ServedFixture

  init() throws { fixture = try ServedFixture() }

  /// What curl wrote, and its exit code.
  private func curl(_ arguments: [String]) async throws -> (output: [UInt8], code: String) {
    let result = try await Subprocess.run(
      .name("curl"), arguments: Arguments(["-sS", "--max-time", "20"] + arguments),
      output: .bytes(limit: 1 << 20), error: .discarded)
    return (result.standardOutput, "\(result.terminationStatus)")
  }

  @Test(
    "RFC 9110 14.1.2: curl's ranges",
    arguments: [("100-199", 100..<200), ("990-", 990..<1_000), ("-7", 993..<1_000)])
  func ranges(range: String, bytes: Range<Int>) async throws {
    let (output, _) = try await curl(["-r", range, fixture.server.baseURL + "data.bin"])
    #expect(output == Array(ServedFixture.data[bytes]))
  }

  @Test("RFC 9110 14: curl resumes a download where it ended")
  func resumes() async throws {
    let path = fixture.folder.appending(path: "part").path
    try Data(ServedFixture.data[..<400]).write(to: URL(filePath: path))
    _ = try await curl(["-C", "-", "-o", path, fixture.server.baseURL + "data.bin"])
    #expect(Array(try Data(contentsOf: URL(filePath: path))) == ServedFixture.data)
    let record = try #require(fixture.finish().first)
    #expect(record.status == 206 && record.bytesSent == 600)
  }

  @Test("RFC 9112 9.3: curl keeps one connection for several files, and a POST is refused")
  func severalFiles() async throws {
    let base = fixture.server.baseURL
    let (output, _) = try await curl([base + "data.bin", base + "sub/a%20b.txt"])
    #expect(output == ServedFixture.data + Array("spaced".utf8))
    let (code, _) = try await curl(
      ["-d", "x=1", "-o", "/dev/null", "-w", "%{http_code}", base + "data.bin"])
    #expect(String(decoding: code, as: UTF8.self) == "405")
  }
}
