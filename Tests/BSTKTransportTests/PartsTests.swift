import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@testable import BSTKTransport

@Suite("Parts of a fetch")
struct PartsTests {
  @Test("a range set agrees with a set of numbers", arguments: 0..<20)
  func rangeSet(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var ranges = ByteRangeSet()
    var numbers: Set<Int> = []
    for _ in 0..<200 {
      let start = Int.random(in: 0..<100, using: &generator)
      let range = start..<(start + Int.random(in: 0..<12, using: &generator))
      if Bool.random(using: &generator) {
        ranges.insert(range)
        numbers.formUnion(range)
      } else {
        ranges.remove(range)
        numbers.subtract(range)
      }
      #expect(ranges.byteCount == numbers.count, "seed \(seed)")
      #expect(ranges.ranges.allSatisfy { !$0.isEmpty && $0.allSatisfy(numbers.contains) })
      #expect(
        zip(ranges.ranges, ranges.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
      let gaps = ranges.gaps(in: 0..<120).flatMap { Array($0) }
      #expect(gaps == (0..<120).filter { !numbers.contains($0) }, "seed \(seed)")
      #expect(ranges.contains(range) == range.allSatisfy(numbers.contains))
    }
  }

  @Test(
    "a Content-Range is read or refused",
    arguments: [
      ("bytes 0-99/1000", ContentRange("bytes 0-99/1000")),
      ("bytes 0-99/*", ContentRange("bytes 0-99/*")),
      ("BYTES 5-5/6", ContentRange("bytes 5-5/6")),
    ])
  func contentRange(text: String, expected: ContentRange?) {
    #expect(expected != nil)
    #expect(ContentRange(text[...]) == expected)
  }

  @Test(
    "a senseless Content-Range is refused",
    arguments: [
      "", "bytes", "bytes 0-99", "bytes 9-0/10", "bytes 0-10/10", "bytes -5/10", "bytes 0-/10",
      "bytes */*", "bytes 0-9/1e3", "bytes 0-99999999999999999999/*", "items 0-9/10",
      "bytes 0-9007199254740992/*", "bytes 0-9/10/11", "bytes 0-9, 20-29/100",
    ])
  func badContentRange(text: String) { #expect(ContentRange(text[...]) == nil) }

  /// How many connections a governor settles on where each brings `rate` bytes a second, and all
  /// together no more than `most`, with `missing` bytes to come.
  private func settled(rate: Double, most: Double, missing: Int) -> Int {
    var governor = ConnectionGovernor(maximum: 16, tuning: FetchTuning())
    var bytes = 0.0
    var now = 0.0
    while now < 20 {
      governor.observe(
        byteCount: Int(bytes), missingByteCount: missing, busyCount: governor.limit,
        roundTrip: 0.01, now: now)
      now += 0.1
      bytes += 0.1 * min(rate * Double(governor.limit), most)
    }
    // Not in the middle of an attempt.
    governor.backOff(now: now)
    return governor.limit * 2
  }

  @Test("a governor keeps connections only while they pay")
  func governor() {
    #expect(settled(rate: 1e6, most: 100e6, missing: 1 << 30) == 16)
    #expect((4...8).contains(settled(rate: 1e6, most: 6e6, missing: 1 << 30)))
    #expect(settled(rate: 25e6, most: 25e6, missing: 1 << 30) <= 4)
  }

  @Test("an attempt with more connections counts from when all of them are at work")
  func lateStart() {
    var governor = ConnectionGovernor(maximum: 16, tuning: FetchTuning())
    var bytes = 0.0
    var limits: [Int] = []
    for step in 0..<80 {
      // The first connection leaves nothing to the others for six seconds.
      let isStuck = step < 60 && governor.limit > 1
      governor.observe(
        byteCount: Int(bytes), missingByteCount: 1 << 30, busyCount: isStuck ? 1 : governor.limit,
        roundTrip: 0.01, now: Double(step) * 0.1)
      bytes += 0.1 * (isStuck ? 1e6 : 1e6 * Double(governor.limit))
      limits.append(governor.limit)
    }
    #expect(limits[10] == 8 && limits[50] == 8, "\(limits)")
    #expect(limits.last == 16, "\(limits)")
  }

  @Test("a governor leaves a line alone that will be done soon")
  func shortFetch() {
    #expect(settled(rate: 1e6, most: 100e6, missing: 5_000_000) == 2)
  }

  @Test("delays stay within their bounds")
  func backoff() {
    let backoff = Backoff(base: 0.5, cap: 30)
    #expect(backoff.delay(beforeAttempt: 1, isImmediateAllowed: true) == 0)
    for attempt in 1...40 {
      let delay = backoff.delay(beforeAttempt: attempt, isImmediateAllowed: false)
      #expect((0...30).contains(delay))
      if attempt == 1 { #expect(delay <= 0.5) }
    }
  }

  @Test("of a gap between two looks at the clock only a moment counts")
  func activeClock() async throws {
    var clock = ActiveClock()
    clock.tick()
    let before = clock.now
    try await Task.sleep(for: .seconds(0.8))
    clock.tick()
    #expect(clock.now > before && clock.now - before <= 0.25)
  }

  @Test("a limited rate holds for the sum, and what was not used is not saved up")
  func rateLimiter() {
    var limiter = RateLimiter(bytesPerSecond: 1_000_000)
    var bytes = 0
    var now = 5.0
    for _ in 0..<200 {
      now += limiter.delay(byteCount: bytes, now: now)
      bytes += 10_000
    }
    #expect(abs(Double(bytes) / (now - 5) - 1_000_000) < 150_000)
    now += 60
    let burst = bytes
    while limiter.delay(byteCount: bytes, now: now) == 0, bytes < burst + 1_000_000 {
      bytes += 10_000
    }
    #expect(bytes - burst <= 110_000)
  }

  @Test("a head is read line by line, and a new status line starts over")
  func responseHead() {
    var head = ResponseHead()
    for line in ["HTTP/1.1 103 Early Hints\r\n", "ETag: \"no\"\r\n", "\r\n"] { head.take(line) }
    #expect(head.isComplete && head.status == 103)
    for line in [
      "HTTP/1.1 206 Partial Content\r\n", "etag:  \"yes\" \r\n", "Content-Range: bytes 0-1/2\r\n",
    ] { head.take(line) }
    #expect(!head.isComplete && head.status == 206 && head.strongEntityTag == "\"yes\"")
    head.take("Content-Range: bytes 0-1/2\r\n")
    #expect(head.hasBadContentRange)
    head.take("ETag: W/\"weak\"\r\n")
    #expect(head.strongEntityTag == nil)
  }

  @Test("an address is taken apart; secrets do not show")
  func address() throws {
    let address = try WebAddress("https://user:pw@Example.org/a/b.bstk?sig=1#root=00")
    #expect(address.publicText == "https://example.org/a/b.bstk")
    #expect(address.fragment == "root=00")
    #expect(address.port == "443")
    let other = try WebAddress("https://example.org:443/c")
    #expect(address.hasSameOrigin(as: other))
    #expect(try !address.hasSameOrigin(as: WebAddress("http://example.org/c")))
  }
}
