import Foundation
import Testing

@testable import BSTKServer

@Suite("Dates")
struct HTTPDateTests {
  static let now = HTTPDate(seconds: 1_700_000_000)

  @Test(
    "RFC 9110 5.6.7: all three forms are read",
    arguments: [
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
  func forms(_ text: String) {
    #expect(HTTPDate(text, now: Self.now) == HTTPDate(seconds: 784_111_777))
  }

  @Test(
    "RFC 9110 5.6.7: nonsense is not read",
    arguments: [
      "", "soon", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
      "Sun, 6x Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 99999999999999999999 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
    ])
  func nonsense(_ text: String) {
    #expect(HTTPDate(text, now: Self.now) == nil)
  }

  @Test("The calendar agrees with Foundation's, and what is written is read back")
  func calendar() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "GMT"))
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var state = seed
    for _ in 0..<2_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let seconds = Int64(state >> 16) % 8_000_000_000 - 2_000_000_000
      let date = HTTPDate(seconds: seconds)
      #expect(HTTPDate(date.text, now: Self.now) == date, "seed \(seed)")
      let parts = calendar.dateComponents(
        [.year, .month, .day, .hour, .minute, .second],
        from: Date(timeIntervalSince1970: Double(seconds)))
      let words = date.text.split(whereSeparator: { " :".contains($0) }).dropFirst()
      let numbers = words.compactMap { Int($0) }
      #expect(
        numbers == [parts.day, parts.year, parts.hour, parts.minute, parts.second], "seed \(seed)")
    }
  }
}
