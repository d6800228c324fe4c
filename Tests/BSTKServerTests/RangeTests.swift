import Testing

@testable import BSTKServer

/// What one `Range` value is answered with, and where that is written.
struct RangeCase: Sendable, CustomTestStringConvertible {
  let clause: String
  let field: String
  let status: Int
  let bytes: Range<Int>
  var testDescription: String { "RFC 9110 \(clause): \(field) is answered \(status)" }

  init(_ clause: String, _ field: String, _ status: Int, _ bytes: Range<Int> = 0..<1_000) {
    self.clause = clause
    self.field = field
    self.status = status
    self.bytes = bytes
  }
}

@Suite("Ranges")
struct RangeTests {
  static let cases = [
    RangeCase("14.1.2 first and last", "bytes=100-199", 206, 100..<200),
    RangeCase("14.1.2 one byte", "bytes=0-0", 206, 0..<1),
    RangeCase("14.1.2 the whole as a range", "bytes=0-999", 206, 0..<1_000),
    RangeCase("14.1.2 last byte", "bytes=999-999", 206, 999..<1_000),
    RangeCase("14.1.2 last position past the end", "bytes=990-5000", 206, 990..<1_000),
    RangeCase("14.1.2 absurd last position", "bytes=990-99999999999999999999", 206, 990..<1_000),
    RangeCase("14.1.2 open-ended", "bytes=400-", 206, 400..<1_000),
    RangeCase("14.1.2 suffix", "bytes=-100", 206, 900..<1_000),
    RangeCase("14.1.2 suffix longer than the file", "bytes=-5000", 206, 0..<1_000),
    RangeCase("14.1.2 absurd suffix", "bytes=-99999999999999999999999", 206, 0..<1_000),
    RangeCase("14.1 unit in any case", "BYTES=5-6", 206, 5..<7),
    RangeCase("5.6.1 empty list members", "bytes=,5-6 ,", 206, 5..<7),
    RangeCase("15.5.17 start at the end", "bytes=1000-", 416),
    RangeCase("15.5.17 start past the end", "bytes=5000-6000", 416),
    RangeCase("15.5.17 absurd start", "bytes=99999999999999999999-", 416),
    RangeCase("14.1.2 empty suffix", "bytes=-0", 416),
    RangeCase("14.2 last before first", "bytes=5-4", 200),
    RangeCase("14.2 several ranges are ignored", "bytes=0-1,5-6", 200),
    RangeCase("14.2 other unit", "items=0-5", 200),
    RangeCase("14.2 no unit", "0-5", 200),
    RangeCase("14.2 no dash", "bytes=5", 200),
    RangeCase("14.2 only a dash", "bytes=-", 200),
    RangeCase("14.2 no digits", "bytes=a-b", 200),
    RangeCase("14.2 sign", "bytes=+5-6", 200),
    RangeCase("14.2 two dashes", "bytes=--5", 200),
    RangeCase("14.2 inner space", "bytes=5 -6", 200),
    RangeCase("14.2 empty", "bytes=", 200),
  ]

  let fixture: ServedFixture

  init() throws { fixture = try ServedFixture() }

  @Test("GET with Range", arguments: cases)
  func get(_ example: RangeCase) throws {
    let response = try fixture.request("GET", "/data.bin", ["Range: \(example.field)"])
    #expect(response.status == example.status)
    #expect(response["accept-ranges"] == "bytes")
    switch example.status {
    case 206:
      let bytes = example.bytes
      #expect(
        response["content-range"] == "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/1000")
      #expect(response["content-length"] == String(bytes.count))
      #expect(response.body == Array(ServedFixture.data[bytes]))
      #expect(
        response["etag"] != nil && response["last-modified"] != nil && response["date"] != nil)
    case 416:
      #expect(response["content-range"] == "bytes */1000")
    default:
      #expect(response["content-range"] == nil)
      #expect(response.body == ServedFixture.data)
    }
    let record = try #require(fixture.finish().first)
    #expect(record.range == example.field && record.status == example.status)
    #expect(record.bytesSent == UInt64(response.body.count))
  }

  @Test("RFC 9110 14.2: HEAD ignores Range")
  func head() throws {
    let response = try fixture.request("HEAD", "/data.bin", ["Range: bytes=0-9"])
    #expect(response.status == 200)
    #expect(response["content-length"] == "1000")
  }

  @Test(
    "RFC 9110 14.1.2: an empty file has no first byte",
    arguments: [("bytes=0-", 416), ("bytes=0-9", 416), ("bytes=-5", 200), ("bytes=-0", 416)])
  func empty(field: String, status: Int) throws {
    let response = try fixture.request("GET", "/empty.bin", ["Range: \(field)"])
    #expect(response.status == status)
    #expect(status == 200 || response["content-range"] == "bytes */0")
  }

  @Test("RFC 9110 5.3: two Range lines are one malformed value, so ignored")
  func twice() throws {
    let response = try fixture.request(
      "GET", "/data.bin", ["Range: bytes=0-1", "Range: bytes=2-3"])
    #expect(response.status == 200)
  }
}
