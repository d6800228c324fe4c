import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
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

  @Test("a loop over two hosts is left")
  func loop() async throws {
    let trial = try Trial()
    let other = Lock("")
    let first = try FaultServer([]) { _, response in
      response.redirect(to: other.withLock { $0 })
    }
    let back = first.url()
    let second = try FaultServer([]) { _, response in response.redirect(to: back) }
    defer {
      first.stop()
      second.stop()
    }
    other.withLock { $0 = second.url() }
    await trial.expectFailure(.redirect, [first.url()])
    #expect(first.requests.count + second.requests.count <= 9)
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
    let issued = Counter()
    let answered = Counter()
    let store = try FaultServer(trial.file) { request, response in
      // The first address is good for four answers.
      let count = answered.next()
      if request.path == "/blob-1", count > 4 { response.become(403) }
    }
    defer { store.stop() }
    let port = store.port
    let hub = try FaultServer(trial.file) { _, response in
      response.redirect(to: "http://127.0.0.1:\(port)/blob-\(issued.next())")
    }
    defer { hub.stop() }
    try await trial.fetch([hub.url()])
    try trial.expectOutput()
    #expect(hub.requests.count == 2)
  }

  @Test("eight connections whose address expires at once resolve it once")
  func expiryOfEight() async throws {
    let trial = try Trial()
    let expired = Counter()
    let gate = NSCondition()
    let store = try FaultServer(trial.file) { request, response in
      guard request.path == "/blob-1", request.number > 3 else { return }
      // Nobody is answered before eight have asked.
      gate.lock()
      defer { gate.unlock() }
      if expired.next() >= 8 { gate.broadcast() }
      let limit = Date(timeIntervalSinceNow: 10)
      while expired.value < 8, gate.wait(until: limit) {}
      response.become(403)
    }
    defer { store.stop() }
    let port = store.port
    let issued = Counter()
    let hub = try FaultServer([]) { _, response in
      response.redirect(to: "http://127.0.0.1:\(port)/blob-\(issued.next())")
    }
    defer { hub.stop() }
    var tuning = Trial.tuning
    // Eight connections from the start, and none takes over from another.
    tuning.firstConnectionCount = 8
    tuning.takeoverSeconds = 30
    tuning.splitSeconds = 1e9
    tuning.patienceSeconds = 1e9
    tuning.stallSeconds = 30
    tuning.minimumSpanByteCount = 32 << 10
    tuning.initialSpanByteCount = 32 << 10
    tuning.maximumSpanByteCount = 128 << 10
    var options = FetchOptions()
    options.maximumConnectionCount = 8
    try await trial.fetch([hub.url()], options: options, tuning: tuning)
    try trial.expectOutput()
    #expect(expired.value == 8)
    #expect(hub.requests.count == 2)
    #expect(trial.retries.map(\.code) == [.httpAuthorization])
  }

  @Test("a name and password in the address stay with its host")
  func userInformation() async throws {
    let trial = try Trial()
    let store = try FaultServer(trial.file)
    defer { store.stop() }
    let target = store.otherURL()
    let hub = try FaultServer([]) { request, response in
      if request.path == "/m.bstk" {
        response.redirect(to: "/n.bstk")
      } else {
        response.redirect(to: target)
      }
    }
    defer { hub.stop() }
    try await trial.fetch(["http://me:pw@127.0.0.1:\(hub.port)/m.bstk"])
    try trial.expectOutput()
    #expect(
      hub.requests.map { $0.headers["authorization"] } == ["Basic bWU6cHc=", "Basic bWU6cHc="])
    #expect(store.requests.allSatisfy { $0.headers["authorization"] == nil })
  }

  @Test("a name and password in the address hold on the same server, however it redirects")
  func userInformationOfRedirect() async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      guard request.headers["authorization"] == "Basic bWU6cHc=" else {
        return response.become(401)
      }
      if request.path == "/m.bstk" {
        response.redirect(to: "http://\(request.headers["host"] ?? "")/n.bstk")
      }
    }
    defer { server.stop() }
    try await trial.fetch(["http://me:pw@127.0.0.1:\(server.port)/m.bstk"])
    try trial.expectOutput()
  }

  @Test(
    "headers that would be more than one are refused before anything is sent",
    arguments: ["X: a\r\nHost: b", "X\nY: a", "X Y: a", ": a", "X", "X: a\u{0}"])
  func badHeader(text: String) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file)
    defer { server.stop() }
    var options = FetchOptions()
    options.headers = [text]
    await trial.expectFailure(.requestHeader, [server.url()], options: options)
    options = FetchOptions()
    options.bearerToken = "secret\(text)"
    if text != "X" { await trial.expectFailure(.requestHeader, [server.url()], options: options) }
    #expect(server.requests.isEmpty)
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

  @Test(
    "what is no address is named without its secrets",
    arguments: [
      "https://me:S3cret@h:999999/m", "https://h:999999/m?sig=S3cret#S3cret",
      "https://me:S3cret#S3cret@h:999999/m",
    ])
  func secretAddress(text: String) async throws {
    let trial = try Trial()
    let error = await #expect(throws: BSTKError.self) { try await trial.fetch([text]) }
    #expect(error?.code == .url)
    #expect(error.map { !"\($0)".contains("S3cret") && "\($0)".contains("h:999999/m") } ?? false)
  }

  @Test(
    "relative redirects are understood",
    arguments: ["n.bstk", "/n.bstk", "//127.0.0.1:PORT/n.bstk", "?x=1", "/a b/n.bstk", "../n.bstk"])
  func relative(location: String) async throws {
    let trial = try Trial()
    let server = try FaultServer(trial.file) { request, response in
      guard request.path == "/a/m.bstk" else { return }
      let port = request.headers["host"]?.split(separator: ":").last ?? ""
      response.redirect(to: location.replacing("PORT", with: port))
    }
    defer { server.stop() }
    try await trial.fetch([server.url("/a/m.bstk")])
    try trial.expectOutput()
    let paths = [
      "n.bstk": "/a/n.bstk", "?x=1": "/a/m.bstk?x=1", "/a b/n.bstk": "/a%20b/n.bstk",
    ]
    #expect(server.requests.last?.path == paths[location] ?? "/n.bstk")
  }
}
