import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@testable import BSTKTransport

/// Servers that act as two large publishers say theirs do: an address that stays redirects to a
/// signed one on another host, which is good for a while.
@Suite("Publishers whose addresses lead to signed ones")
struct PublisherTests {
  /// The host that stores the bytes. It knows signed addresses only, refuses credentials beside a
  /// signature as such stores do, and each signature is good for a number of answers.
  private static func store(
    _ file: [UInt8], answersEach limit: Int = .max
  ) throws -> FaultServer {
    let answered = Lock<[String: Int]>([:])
    return try FaultServer(file) { request, response in
      // The store's tag is not the one the publisher spoke of.
      response["ETag"] = "\"0x8DC0FFEE\""
      response["Content-Type"] = "application/octet-stream"
      guard request.headers["authorization"] == nil else {
        return response.become(400, "<Error><Code>InvalidArgument</Code></Error>")
      }
      let count = answered.withLock { counts in
        counts[request.path, default: 0] += 1
        return counts[request.path] ?? 0
      }
      guard request.path.contains("Signature="), count <= limit else {
        return response.become(403, "<Error><Code>AccessDenied</Code>expired</Error>")
      }
    }
  }

  /// A model hub: `resolve` addresses answer 302 with the file's size and hash in headers of their
  /// own; those of a renamed repository answer 307 with a relative address; private ones want a
  /// bearer token.
  private static func hub(
    _ file: [UInt8], store: FaultServer, token: String? = nil
  ) throws -> FaultServer {
    let signed = Counter()
    let size = file.count
    return try FaultServer([]) { request, response in
      if let token, request.headers["authorization"] != "Bearer \(token)" {
        response.become(401, #"{"error":"Access to this model is restricted"}"#)
        response["X-Error-Code"] = "GatedRepo"
        return
      }
      switch request.path {
      case "/old/name/resolve/main/m.bstk":
        response.redirect(to: "/org/name/resolve/main/m.bstk", status: 307)
      case "/org/name/resolve/main/m.bstk":
        let number = signed.next()
        response.redirect(
          to: store.otherURL("/repos/ab/cd?X-Amz-Expires=3600&Signature=\(number)"))
        response["X-Repo-Commit"] = String(repeating: "a", count: 40)
        response["X-Linked-Size"] = "\(size)"
        response["X-Linked-ETag"] = "\"\(String(repeating: "b", count: 64))\""
        response["ETag"] = "\"\(String(repeating: "b", count: 64))\""
      default:
        response.become(404, "Entry not found")
        response["X-Error-Code"] = "EntryNotFound"
      }
    }
  }

  private static func options(token: String?) -> FetchOptions {
    var options = FetchOptions()
    options.bearerToken = token
    return options
  }

  @Test("a hub's resolve address, with and without a token", arguments: [nil, "hf_secret"])
  func resolve(token: String?) async throws {
    let trial = try Trial()
    let store = try Self.store(trial.file)
    let hub = try Self.hub(trial.file, store: store, token: token)
    defer {
      store.stop()
      hub.stop()
    }
    try await trial.fetch(
      [hub.url("/org/name/resolve/main/m.bstk")], options: Self.options(token: token))
    try trial.expectOutput()
    // Resolved once, not for every span; and the file is not asked of the hub.
    #expect(hub.requests.count == 1 && hub.bodyByteCount == 0)
    #expect(store.bodyByteCount == trial.file.count)
    #expect(trial.retries.isEmpty && trial.warnings.isEmpty)
  }

  @Test("a renamed repository leads there by a relative redirect that keeps the token")
  func renamed() async throws {
    let trial = try Trial()
    let store = try Self.store(trial.file)
    let hub = try Self.hub(trial.file, store: store, token: "hf_secret")
    defer {
      store.stop()
      hub.stop()
    }
    try await trial.fetch(
      [hub.url("/old/name/resolve/main/m.bstk")], options: Self.options(token: "hf_secret"))
    try trial.expectOutput()
    #expect(hub.requests.count == 2)
  }

  @Test("a private or missing file of a hub is refused at once")
  func refused() async throws {
    let trial = try Trial()
    let store = try Self.store(trial.file)
    let hub = try Self.hub(trial.file, store: store, token: "hf_secret")
    defer {
      store.stop()
      hub.stop()
    }
    await trial.expectFailure(
      .httpAuthorization, [hub.url("/org/name/resolve/main/m.bstk")],
      options: Self.options(token: "hf_wrong"))
    await trial.expectFailure(
      .remoteMissing, [hub.url("/org/name/resolve/main/other.bstk")],
      options: Self.options(token: "hf_secret"))
    #expect(hub.requests.count == 2 && store.requests.isEmpty)
  }

  @Test("a hub's signature that expires on the way is asked for again, as often as it must")
  func expires() async throws {
    let trial = try Trial()
    let store = try Self.store(trial.file, answersEach: 5)
    let hub = try Self.hub(trial.file, store: store)
    defer {
      store.stop()
      hub.stop()
    }
    try await trial.fetch([hub.url("/org/name/resolve/main/m.bstk")])
    try trial.expectOutput()
    #expect(hub.requests.count > 1)
    #expect(store.bodyByteCount < trial.file.count + 300_000)
    #expect(trial.retries.allSatisfy { $0.code == .httpAuthorization })
  }

  @Test("a release's download address, by version and by `latest`, expiring on the way")
  func release() async throws {
    let trial = try Trial()
    let store = try Self.store(trial.file, answersEach: 6)
    let signed = Counter()
    let site = try FaultServer([]) { request, response in
      switch request.path {
      case "/o/r/releases/latest/download/m.bstk":
        response.redirect(to: "/o/r/releases/download/v1.0/m.bstk")
      case "/o/r/releases/download/v1.0/m.bstk":
        let number = signed.next()
        response.redirect(
          to: store.otherURL(
            "/release-assets/1/2?sp=r&se=2026-01-01T00%3A00%3A00Z&Signature=\(number)"
              + "&response-content-disposition=attachment%3B%20filename%3Dm.bstk"))
      default: response.become(404, "Not Found")
      }
    }
    defer {
      store.stop()
      site.stop()
    }
    let small = try trial.cut(1_200_000)
    try await trial.fetch(
      [site.url("/o/r/releases/download/v1.0/m.bstk")],
      Budget(fileByteCount: small.fileByteCount))
    try trial.expectOutput(Int(small.fileByteCount))
    try await trial.fetch([site.url("/o/r/releases/latest/download/m.bstk")])
    try trial.expectOutput()
    await trial.expectFailure(.remoteMissing, [site.url("/o/r/releases/download/v9/m.bstk")])
  }
}
