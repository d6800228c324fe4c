import Testing

@testable import BSTKServer

/// A request's conditions, with `TAG` and `DATE` standing for those of the file.
struct ConditionCase: Sendable, CustomTestStringConvertible {
  let clause: String
  let fields: [String]
  let status: Int
  var testDescription: String { "RFC 9110 \(clause): \(fields) is answered \(status)" }

  init(_ clause: String, _ fields: [String], _ status: Int) {
    self.clause = clause
    self.fields = fields
    self.status = status
  }
}

@Suite("Preconditions")
struct PreconditionTests {
  static let range = "Range: bytes=0-9"
  static let other = "Tue, 15 Nov 1994 12:45:26 GMT"
  static let cases = [
    ConditionCase("13.1.5 same tag", [range, "If-Range: TAG"], 206),
    ConditionCase("13.1.5 other tag", [range, "If-Range: \"other\""], 200),
    ConditionCase("13.1.5 weak tag never matches", [range, "If-Range: W/TAG"], 200),
    ConditionCase("13.1.5 same date", [range, "If-Range: DATE"], 206),
    ConditionCase("13.1.5 other date", [range, "If-Range: \(other)"], 200),
    ConditionCase("13.1.5 malformed", [range, "If-Range: tomorrow"], 200),
    ConditionCase("13.1.5 without Range", ["If-Range: \"other\""], 200),
    ConditionCase(
      "14.2 unsatisfiable but changed", ["Range: bytes=5000-", "If-Range: \"other\""], 200),
    ConditionCase("13.1.2 same tag", ["If-None-Match: TAG"], 304),
    ConditionCase("13.1.2 weak comparison", ["If-None-Match: W/TAG"], 304),
    ConditionCase("13.1.2 in a list", ["If-None-Match: \"a,b\", TAG"], 304),
    ConditionCase("13.1.2 any", ["If-None-Match: *"], 304),
    ConditionCase("13.1.2 other tag", ["If-None-Match: \"other\""], 200),
    ConditionCase("13.2.2 before Range", ["If-None-Match: TAG", range], 304),
    ConditionCase("13.1.3 not since", ["If-Modified-Since: DATE"], 304),
    ConditionCase("13.1.3 since", ["If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT"], 200),
    ConditionCase("13.1.3 malformed is ignored", ["If-Modified-Since: soon"], 200),
    ConditionCase(
      "13.1.3 ignored beside If-None-Match",
      ["If-Modified-Since: DATE", "If-None-Match: \"other\""], 200),
    ConditionCase("13.1.1 same tag", ["If-Match: TAG"], 200),
    ConditionCase("13.1.1 any", ["If-Match: *"], 200),
    ConditionCase("13.1.1 other tag", ["If-Match: \"other\""], 412),
    ConditionCase("13.1.1 weak tag never matches", ["If-Match: W/TAG"], 412),
    ConditionCase(
      "13.2.2 If-Match before If-None-Match", ["If-Match: \"x\"", "If-None-Match: *"], 412),
    ConditionCase("13.1.4 not since", ["If-Unmodified-Since: DATE"], 200),
    ConditionCase("13.1.4 since", ["If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT"], 412),
    ConditionCase(
      "13.1.4 ignored beside If-Match",
      ["If-Match: TAG", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT"], 200),
  ]

  @Test("GET with conditions", arguments: cases)
  func conditions(_ example: ConditionCase) throws {
    let fixture = try ServedFixture()
    try fixture.age()
    let (tag, date) = try fixture.validators()
    let fields = example.fields.map { field in
      field.replacing("TAG", with: tag).replacing("DATE", with: date)
    }
    let response = try fixture.request("GET", "/data.bin", fields)
    #expect(response.status == example.status)
    if example.status == 304 {
      #expect(response["etag"] == tag)
      #expect(response.body.isEmpty)
    }
  }

  @Test("RFC 9110 8.8.3: the tag is strong and changes with the file")
  func tagChanges() throws {
    let fixture = try ServedFixture()
    let before = try fixture.validators().tag
    #expect(before.hasPrefix("\"") && before.hasSuffix("\""))
    #expect(try fixture.validators().tag == before)
    try fixture.age()
    #expect(try fixture.validators().tag != before)
  }

  @Test("RFC 9110 13.1.5: a date within the present second is no strong validator")
  func youngDate() {
    let now = HTTPDate(seconds: 784_111_777)
    let validators = Validators(tag: "\"x\"", modified: now)
    #expect(!validators.allowRange(now.text, now: now))
    #expect(validators.allowRange(now.text, now: HTTPDate(seconds: now.seconds + 1)))
  }
}
