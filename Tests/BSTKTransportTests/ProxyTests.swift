import BSTKFormat
import BSTKTestSupport
import Testing

@testable import BSTKTransport

@Suite("Proxies, and what they do to secure connections")
struct ProxyTests {
  private let trial: Trial
  private let published: TemporaryFolder
  private let work: TemporaryFolder

  init() throws {
    trial = try Trial()
    published = try TemporaryFolder()
    work = try TemporaryFolder()
    try published.write(trial.file, to: "m.bstk")
  }

  /// A fetch over TLS from nginx through a proxy; false where a program is missing.
  private func secureFetch(through proxy: TunnelProxy) async throws -> Bool {
    guard let certificate = try await Certificate(in: work),
      let server = try await WebServer(
        published.path, work: work.path, certificate: certificate)
    else { return false }
    var options = FetchOptions()
    options.certificateAuthorityFile = certificate.path
    options.proxy = proxy.address
    options.headers = ["X-Secret: s3cret"]
    options.bearerToken = "t0ken"
    try await trial.fetch(
      ["https://127.0.0.1:\(server.securePort)/m.bstk"], options: options)
    try trial.expectOutput()
    return true
  }

  @Test("a plain address is asked of the proxy, which finds the host")
  func plain() async throws {
    let proxy = try FaultServer(trial.file)
    defer { proxy.stop() }
    var options = FetchOptions()
    options.proxy = proxy.url("")
    try await trial.fetch(["http://model.invalid/m.bstk"], options: options)
    try trial.expectOutput()
    #expect(!proxy.requests.isEmpty)
    #expect(proxy.requests.allSatisfy { $0.path == "http://model.invalid/m.bstk" })
  }

  @Test("a secure address goes through a tunnel; the proxy's own answer is not taken for one")
  func tunnel() async throws {
    let proxy = try TunnelProxy()
    defer { proxy.stop() }
    guard try await secureFetch(through: proxy) else { return }
    #expect(!proxy.heads.isEmpty)
    #expect(trial.warnings.isEmpty && trial.retries.isEmpty)
    // The proxy is told the host alone.
    for head in proxy.heads {
      #expect(head.hasPrefix("CONNECT 127.0.0.1:"))
      #expect(!head.contains("t0ken") && !head.contains("s3cret"))
    }
  }

  @Test(
    "a secure connection that ends without its proper end goes on from there",
    arguments: [false, true], [3_000, 90_000])
  func truncated(isReset: Bool, after byteCount: Int) async throws {
    let proxy = try TunnelProxy { number in
      number <= 6 ? TunnelProxy.Cut(after: byteCount, isReset: isReset) : nil
    }
    defer { proxy.stop() }
    guard try await secureFetch(through: proxy) else { return }
    #expect(!trial.retries.isEmpty)
    #expect(trial.retries.allSatisfy { $0.code == .network })
  }

  @Test("secure connections that cannot be made for a while are made later")
  func handshakes() async throws {
    let proxy = try TunnelProxy { number in
      switch number {
      case 1: TunnelProxy.Cut(after: 400_000, isReset: true)
      case 2...5: TunnelProxy.Cut(after: 100, isReset: true)
      default: nil
      }
    }
    defer { proxy.stop() }
    guard try await secureFetch(through: proxy) else { return }
    #expect(trial.retries.contains { $0.code == .tls })
  }

  @Test("a proxy that refuses is named and not asked again", arguments: [407, 403])
  func refusing(status: Int) async throws {
    let proxy = try TunnelProxy(status: status)
    defer { proxy.stop() }
    var options = FetchOptions()
    options.proxy = proxy.address
    await trial.expectFailure(
      status == 407 ? .httpAuthorization : .httpStatus, ["https://127.0.0.1:1/m.bstk"],
      options: options)
    #expect(proxy.heads.count == 1)
  }

  @Test("a proxy that is not there is an error of the network")
  func missing() async throws {
    let proxy = try FaultServer(trial.file)
    proxy.stop()
    var options = FetchOptions()
    options.proxy = proxy.url("")
    await trial.expectFailure(.network, ["http://model.invalid/m.bstk"], options: options)
  }
}
