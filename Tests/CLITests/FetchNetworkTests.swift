import BSTKTestSupport
import Foundation
import Testing

@Suite("fetch and the user's network settings")
struct FetchNetworkTests {
  /// An environment without the settings of whoever runs the tests.
  private static let clean = [
    "http_proxy": "", "https_proxy": "", "HTTPS_PROXY": "", "all_proxy": "", "ALL_PROXY": "",
    "no_proxy": "", "NO_PROXY": "", "BSTK_TOKEN": "", "CURL_CA_BUNDLE": "", "SSL_CERT_FILE": "",
  ]

  private func fetch(
    _ fixture: FetchFixture, _ url: String, _ options: [String] = [],
    _ environment: [String: String] = [:]
  ) async throws -> Program.Run {
    try await Program.run(
      fixture.arguments(url, options), environment: Self.clean.merging(environment) { $1 })
  }

  @Test("http_proxy is used, and the proxy finds the host")
  func plainProxy() async throws {
    let fixture = try FetchFixture()
    let proxy = try FaultServer(fixture.file)
    defer { proxy.stop() }
    let run = try await fetch(
      fixture, "http://model.invalid/m.bstk", [], ["http_proxy": proxy.url("")])
    #expect(run.code == 0, "\(run)")
    try fixture.expectWhole()
    #expect(proxy.requests.allSatisfy { $0.path == "http://model.invalid/m.bstk" })
  }

  @Test(
    "https_proxy and all_proxy are asked for a tunnel",
    arguments: ["https_proxy", "HTTPS_PROXY", "all_proxy", "--proxy"])
  func tunnel(name: String) async throws {
    let fixture = try FetchFixture()
    let proxy = try TunnelProxy(status: 407)
    defer { proxy.stop() }
    let run = try await fetch(
      fixture, "https://model.invalid/m.bstk", name == "--proxy" ? [name, proxy.address] : [],
      name == "--proxy" ? [:] : [name: proxy.address])
    #expect(run.code == 2 && run.error.contains("error[HTTP_AUTH]"), "\(run)")
    #expect(run.error.contains("the proxy answered 407"))
    #expect(proxy.heads.count == 1)
    #expect(proxy.heads.first?.hasPrefix("CONNECT model.invalid:443 ") ?? false)
  }

  @Test("NO_PROXY exempts a host", arguments: ["NO_PROXY", "no_proxy"])
  func exempt(name: String) async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file)
    let proxy = try FaultServer([])
    defer {
      server.stop()
      proxy.stop()
    }
    let run = try await fetch(
      fixture, server.url(), [], ["http_proxy": proxy.url(""), name: "example.org,127.0.0.1"])
    #expect(run.code == 0, "\(run)")
    try fixture.expectWhole()
    #expect(proxy.requests.isEmpty)
  }

  @Test("--netrc finds names and passwords by host, and for no other host")
  func netrc() async throws {
    let fixture = try FetchFixture()
    let home = try TemporaryFolder()
    try home.write(
      Array("machine 127.0.0.1 login me password pw\nmachine other login x password y\n".utf8),
      to: ".netrc")
    let store = try FaultServer(fixture.file)
    defer { store.stop() }
    let target = store.otherURL()
    let server = try FaultServer([]) { request, response in
      if request.headers["authorization"] == "Basic bWU6cHc=" {
        response.redirect(to: target)
      } else {
        response.become(401)
      }
    }
    defer { server.stop() }
    let without = try await fetch(fixture, server.url(), [], ["HOME": home.path])
    #expect(without.code == 2 && without.error.contains("error[HTTP_AUTH]"), "\(without)")
    let with = try await fetch(fixture, server.url(), ["--netrc"], ["HOME": home.path])
    #expect(with.code == 0, "\(with)")
    try fixture.expectWhole()
    #expect(store.requests.allSatisfy { $0.headers["authorization"] == nil })
  }

  @Test("BSTK_TOKEN and --header go to the first host and to no other")
  func secrets() async throws {
    let fixture = try FetchFixture()
    let store = try FaultServer(fixture.file)
    defer { store.stop() }
    let target = store.otherURL()
    let server = try FaultServer([]) { _, response in response.redirect(to: target) }
    defer { server.stop() }
    let run = try await fetch(
      fixture, server.url(), ["--header", "X-Secret: a: b", "--header", "Cookie: c=d"],
      ["BSTK_TOKEN": "t0ken"])
    #expect(run.code == 0, "\(run)")
    try fixture.expectWhole()
    for request in server.requests {
      #expect(request.headers["authorization"] == "Bearer t0ken")
      #expect(request.headers["x-secret"] == "a: b" && request.headers["cookie"] == "c=d")
    }
    #expect(!server.requests.isEmpty && !store.requests.isEmpty)
    for name in ["authorization", "x-secret", "cookie"] {
      #expect(store.requests.allSatisfy { $0.headers[name] == nil }, "\(name)")
    }
    #expect(!run.error.contains("t0ken"))
  }

  @Test("--limit-rate holds for all connections together")
  func limitedRate() async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file)
    defer { server.stop() }
    let start = ContinuousClock.now
    let run = try await fetch(
      fixture, server.url(), ["--limit-rate", "1.5", "--connections", "16"])
    let seconds = start.duration(to: .now) / .seconds(1)
    #expect(run.code == 0, "\(run)")
    try fixture.expectWhole()
    #expect(seconds > Double(fixture.file.count) / 1.8e6)
  }

  @Test("plan and inspect use them as fetch does, and a token may end with a line end")
  func credentials() async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file) { request, response in
      let isKnown = request.headers["authorization"] == "Bearer t0ken"
      if !isKnown || request.headers["x-secret"] != "a" { response.become(401) }
    }
    defer { server.stop() }
    for command in ["plan", "inspect", "fetch"] {
      let arguments = [command, server.url()] + (command == "fetch" ? ["-o", fixture.output] : [])
      let environment = Self.clean.merging(["BSTK_TOKEN": " t0ken\r\n"]) { $1 }
      let without = try await Program.run(arguments, environment: environment)
      #expect(without.code == 2 && without.error.contains("error[HTTP_AUTH]"), "\(without)")
      for name in ["BSTK_TOKEN", "--header", "--netrc", "--proxy"] {
        #expect(without.error.contains(name), "\(without)")
      }
      let with = try await Program.run(
        arguments + ["--header", "X-Secret: a"], environment: environment)
      #expect(with.code == 0, "\(with)")
    }
    try fixture.expectWhole()
  }

  @Test(
    "A file of certificates that is not there is an error of TLS where the environment names it",
    arguments: ["SSL_CERT_FILE", "CURL_CA_BUNDLE"])
  func missingAuthority(name: String) async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file)
    defer { server.stop() }
    let run = try await fetch(
      fixture, "https://127.0.0.1:\(server.port)/m.bstk", [], [name: "/nonexistent.pem"])
    #expect(run.code == 2 && run.error.contains("error[TLS]"), "\(run)")
    #expect(run.error.contains("--cacert"))
  }
}
