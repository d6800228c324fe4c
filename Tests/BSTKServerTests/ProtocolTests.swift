import Testing

@testable import BSTKServer

/// Bytes as sent, and the status they are answered with.
struct WireCase: Sendable, CustomTestStringConvertible {
  let clause: String
  let bytes: String
  let status: Int
  var testDescription: String { "\(clause) is answered \(status)" }

  init(_ clause: String, _ bytes: String, _ status: Int) {
    self.clause = clause
    self.bytes = bytes
    self.status = status
  }
}

@Suite("Messages and connections")
struct ProtocolTests {
  let fixture: ServedFixture

  init() throws { fixture = try ServedFixture() }

  static let get = "GET /data.bin HTTP/1.1\r\nHost: x\r\n"

  static let cases = [
    WireCase("RFC 9112 2.2: an empty line first", "\r\n\(get)\r\n", 200),
    WireCase("RFC 9112 2.2: a bare line feed", "GET /data.bin HTTP/1.1\nHost: x\r\n\r\n", 400),
    WireCase(
      "RFC 9112 2.2: a bare carriage return", "GET /data.bin HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400),
    WireCase("RFC 9110 5.5: NUL in a field", "\(get)X: a\0b\r\n\r\n", 400),
    WireCase("RFC 9112 3: two words", "GET /data.bin\r\n\r\n", 400),
    WireCase("RFC 9112 3: four words", "GET /data.bin x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    WireCase("RFC 9112 3: two spaces", "GET  /data.bin HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    WireCase("RFC 9112 3.1: method is a token", "G@T /data.bin HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    WireCase("RFC 9112 2.3: malformed version", "GET /data.bin HTTPS/1.1\r\nHost: x\r\n\r\n", 400),
    WireCase("RFC 9110 15.6.6: HTTP/2.0", "GET /data.bin HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    WireCase(
      "RFC 9110 2.5: a later minor version", "GET /data.bin HTTP/1.9\r\nHost: x\r\n\r\n", 200),
    WireCase("RFC 9112 3.2: no Host", "GET /data.bin HTTP/1.1\r\n\r\n", 400),
    WireCase("RFC 9112 3.2: two Hosts", "\(get)Host: y\r\n\r\n", 400),
    WireCase("RFC 9112 3.2: HTTP/1.0 needs no Host", "GET /data.bin HTTP/1.0\r\n\r\n", 200),
    WireCase("RFC 9112 5.1: space before the colon", "\(get)Range : bytes=0-1\r\n\r\n", 400),
    WireCase("RFC 9112 5.2: a folded line", "\(get)X: a\r\n b\r\n\r\n", 400),
    WireCase("RFC 9112 5: no colon", "\(get)Range\r\n\r\n", 400),
    WireCase("RFC 9112 5: no name", "\(get): x\r\n\r\n", 400),
    WireCase("RFC 9110 5.1: names in any case", "\(get)rAnGe:bytes=0-1\r\n\r\n", 206),
    WireCase(
      "RFC 9112 6.3: length and coding",
      "\(get)Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    WireCase(
      "RFC 9112 6.3: two lengths", "\(get)Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    WireCase("RFC 9112 6.3: negative length", "\(get)Content-Length: -1\r\n\r\n", 400),
    WireCase("RFC 9112 6.1: unknown transfer coding", "\(get)Transfer-Encoding: gzip\r\n\r\n", 501),
    WireCase("RFC 9110 9.1: unknown method", "BREW /data.bin HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    WireCase(
      "RFC 9110 9.1: methods are case-sensitive", "get /data.bin HTTP/1.1\r\nHost: x\r\n\r\n", 501),
  ]

  @Test("Requests as sent", arguments: cases)
  func messages(_ example: WireCase) throws {
    let client = try RawClient(port: fixture.server.port)
    client.send(example.bytes)
    #expect(try client.receiveResponse().status == example.status)
  }

  @Test(
    "RFC 9110 15.5.6: other methods are answered 405 with Allow",
    arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"])
  func methods(_ method: String) throws {
    let response = try fixture.request(method, "/data.bin", ["Content-Length: 0"])
    #expect(response.status == 405 && response["allow"] == "GET, HEAD")
  }

  @Test("RFC 9110 9.3.2: HEAD has GET's fields and no body")
  func head() throws {
    let client = try RawClient(port: fixture.server.port)
    client.send("HEAD /data.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    let response = try RawResponse(client.receiveAll())
    #expect(response.status == 200 && response.body.isEmpty)
    #expect(response["content-length"] == "1000" && response["accept-ranges"] == "bytes")
  }

  @Test("RFC 9110 15.5.15: a long request line is answered 414")
  func longLine() throws {
    let client = try RawClient(port: fixture.server.port)
    client.send("GET /" + String(repeating: "a", count: 9_000) + " HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(try client.receiveResponse().status == 414)
  }

  @Test("RFC 6585 5: a large header section, or many fields, are answered 431")
  func largeHead() throws {
    let wide = try RawClient(port: fixture.server.port)
    wide.send(Self.get + "X: " + String(repeating: "a", count: 40_000))
    #expect(try wide.receiveResponse().status == 431)
    let many = try RawClient(port: fixture.server.port)
    many.send(Self.get + String(repeating: "X: a\r\n", count: 101) + "\r\n")
    #expect(try many.receiveResponse().status == 431)
  }

  @Test("RFC 9112 9.3.2: requests sent ahead are answered in turn on one connection")
  func pipelined() throws {
    let client = try RawClient(port: fixture.server.port)
    let ranges = ["0-9", "990-", "-5"]
    client.send(ranges.map { Self.get + "Range: bytes=\($0)\r\n\r\n" }.joined())
    #expect(try client.receiveResponse().body == Array(ServedFixture.data[0..<10]))
    #expect(try client.receiveResponse().body == Array(ServedFixture.data[990...]))
    #expect(try client.receiveResponse().body == Array(ServedFixture.data[995...]))
  }

  @Test("A request that arrives byte by byte is understood")
  func trickle() throws {
    let client = try RawClient(port: fixture.server.port)
    for byte in (Self.get + "Range: bytes=3-4\r\n\r\n").utf8 { client.send([byte]) }
    #expect(try client.receiveResponse().body == [3, 4])
  }

  @Test(
    "RFC 9112 9.3: when the connection is closed after the answer",
    arguments: [
      ("HTTP/1.0", ""), ("HTTP/1.1", "Connection: close\r\n"),
      ("HTTP/1.1", "Connection: x, Close\r\n"),
      ("HTTP/1.1", "Content-Length: 5\r\n"), ("HTTP/1.1", "Transfer-Encoding: chunked\r\n"),
    ])
  func closes(version: String, field: String) throws {
    let client = try RawClient(port: fixture.server.port)
    client.send("GET /data.bin \(version)\r\nHost: x\r\n\(field)\r\n")
    let response = try RawResponse(client.receiveAll())
    #expect(response.status == 200 && response["connection"] == "close")
    #expect(response.body == ServedFixture.data)
  }

  @Test("RFC 9112 9.3: HTTP/1.0 with keep-alive stays open")
  func keepAlive10() throws {
    let client = try RawClient(port: fixture.server.port)
    for _ in 0..<2 {
      client.send("GET /data.bin HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let response = try client.receiveResponse()
      #expect(response["connection"] == "keep-alive" && response.body == ServedFixture.data)
    }
  }

  @Test("RFC 9112 6: a body is never taken for the next request")
  func smuggled() throws {
    let client = try RawClient(port: fixture.server.port)
    let hidden = "GET /empty.bin HTTP/1.1\r\nHost: x\r\n\r\n"
    client.send(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(hidden.utf8.count)\r\n\r\n\(hidden)")
    #expect(try RawResponse(client.receiveAll()).status == 405)
    #expect(fixture.finish().count == 1)
  }

  @Test("RFC 9110 15.5.9: a request that never ends is answered 408; a silent peer is let go")
  func silence() throws {
    var limits = ServerLimits()
    limits.headMilliseconds = 50
    limits.idleMilliseconds = 50
    let impatient = try ServedFixture(limits: limits)
    let slow = try RawClient(port: impatient.server.port)
    slow.send("GET /data.bin HTTP/1.1\r\n")
    #expect(try slow.receiveResponse().status == 408)
    let silent = try RawClient(port: impatient.server.port)
    #expect(silent.receiveAll().isEmpty)
  }
}
