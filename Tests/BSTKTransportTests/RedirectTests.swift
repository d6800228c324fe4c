import BSTKFormat
import Synchronization
import Testing

@testable import BSTKTransport

@Suite("Redirects, credentials and expiring addresses")
struct RedirectTests {
  private static var secrets: FetchOptions {
    var options = FetchOptions()
    options.headers = ["X-Secret: s3cret", "Cookie: a=b"]
    options.bearerToken = "t0ken"
    return options
  }

  private func carriesSecrets(_ request: FaultRequest) -> Bool {
    request.headers["authorization"] != nil || request.headers["cookie"] != nil
      || request.headers["x-secret"] != nil
  }

  @Test("a redirect to another host carries no secret, as a model hub does it")
  func otherHost() async throws {
    let trial = try Trial()
    let store = try FaultServer(trial.file)
    defer { store.stop() }
    let target = store.url("/blob?signature=1")
    let hub = try FaultServer(trial.file) { _, response in response.redirect(to: target) }
    defer { hub.stop() }
    try await trial.fetch([hub.url("/resolve/main/m.bstk")], options: Self.secrets)
    try trial.expectOutput()
    #expect(hub.requests.allSatisfy(carriesSecrets))
    #expect(!store.requests.isEmpty)
    #expect(!store.requests.contains(where: carriesSecrets))
    // The redirect is resolved once, not for every span.
    #expect(hub.requests.count == 1)
  }

  @Test("a redirect on the same host keeps them")
  func sameHost() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      if request.path == "/m.bstk" { response.redirect(to: "/elsewhere.bstk", status: 307) }
    }
    defer { server.stop() }
    try await trial.fetch([server.url()], options: Self.secrets)
    try trial.expectOutput()
    #expect(server.requests.allSatisfy(carriesSecrets))
  }

  @Test("a mirror on another host gets no secret")
  func mirror() async throws {
    let trial = try Trial()
    let first = try FaultServer(trial.file)
    let second = try FaultServer(trial.file)
    defer {
      first.stop()
      second.stop()
    }
    try await trial.fetch([first.url(), second.url()], options: Self.secrets)
    try trial.expectOutput()
    #expect(first.requests.allSatisfy(carriesSecrets))
    #expect(!second.requests.contains(where: carriesSecrets))
  }

  @Test(
    "what must not be followed is refused",
    arguments: ["file:///etc/passwd", "ftp://127.0.0.1/m.bstk", "/m.bstk", "gopher://x/"])
  func refused(location: String) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { _, response in response.redirect(to: location) }
    defer { server.stop() }
    await trial.expectFailure(.redirect, [server.url()])
    #expect(server.requests.count <= 9)
  }

  @Test("a chain of redirects ends somewhere", arguments: [8, 11])
  func chain(length: Int) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      let step = Int(request.path.dropFirst(3)) ?? 0
      if step < length { response.redirect(to: "/m-\(step + 1)") }
    }
    defer { server.stop() }
    if length <= 8 {
      try await trial.fetch([server.url("/m-0")])
      try trial.expectOutput()
    } else {
      await trial.expectFailure(.redirect, [server.url("/m-0")])
    }
  }

  @Test("an address that expires is resolved again, once for all connections")
  func expiry() async throws {
    let trial = try Trial()
    let issued = Mutex(0)
    let answered = Mutex(0)
    let store = try FaultServer(trial.file) { request, response in
      // The first address is good for four answers.
      let count = answered.withLock {
        $0 += 1
        return $0
      }
      if request.path == "/blob-1", count > 4 { response.become(403) }
    }
    defer { store.stop() }
    let port = store.port
    let hub = try FaultServer(trial.file) { _, response in
      let number = issued.withLock {
        $0 += 1
        return $0
      }
      response.redirect(to: "http://127.0.0.1:\(port)/blob-\(number)")
    }
    defer { hub.stop() }
    try await trial.fetch([hub.url()])
    try trial.expectOutput()
    #expect(hub.requests.count == 2)
  }

  @Test("an address that is refused however often it is resolved ends the fetch")
  func neverValid() async throws {
    let trial = try Trial()
    let store = try FaultServer(trial.file) { _, response in response.become(403) }
    defer { store.stop() }
    let target = store.url()
    let hub = try FaultServer(trial.file) { _, response in response.redirect(to: target) }
    defer { hub.stop() }
    await trial.expectFailure(.httpAuthorization, [hub.url()])
    #expect(hub.requests.count == 3)
  }

  @Test(
    "an address that cannot be used is named", arguments: ["", "model.bstk\u{1}", "ftp://h/m.bstk"])
  func badAddress(text: String) async throws {
    let trial = try Trial()
    await trial.expectFailure(.url, [text])
  }
}
