import BSTKFormat
import Testing

@testable import bstk

@Suite("Sizes given on the command line")
struct ByteSizeTests {
  @Test(
    "Units, cases and exact decimals",
    arguments: [
      ("900", 900_000_000), ("1.2", 1_200_000), ("0.000001", 1), ("0", 0), ("900MB", 900_000_000),
      ("900mb", 900_000_000), ("900 MB", 900_000_000), ("1.5GB", 1_500_000_000),
      ("800MiB", 838_860_800), ("2GiB", 2_147_483_648), ("0.5KiB", 512), ("4096B", 4_096),
      ("1.9B", 1), ("0.1GB", 100_000_000), ("1.000000001GB", 1_000_000_001),
      ("0.30000000000000004GB", 300_000_000), ("18446744073709551615B", UInt64.max),
      ("16777215.999TiB", 18_446_744_072_610_039_988), ("007", 7_000_000),
    ] as [(String, UInt64)])
  func reads(text: String, byteCount: UInt64) {
    #expect(ByteSize(text)?.byteCount == byteCount)
  }

  @Test(
    "What is no size is refused",
    arguments: [
      "", "MB", ".", ".5", "5.", "1.2.3", "-1", "+1", "1e9", "0x10", "1,5", "9 0", "1MB ", "5 XB",
      "18446744073709551616B", "18446744073710", "16777216TiB", "18446744073709551615.9TiB",
      "0.1234567890123456789", "٣", "NaN", "inf", "1M", "1KB/s",
    ])
  func refuses(_ text: String) {
    #expect(ByteSize(text) == nil)
  }
}

@Suite("Numbers for people")
struct ByteFormatTests {
  @Test(
    "Both units",
    arguments: [
      (0, "0 B"), (999, "999 B"), (1_000, "1 kB (1000 B)"), (900_000_000, "900 MB (858.3 MiB)"),
      (1_199_872, "1.2 MB (1.14 MiB)"), (1_048_576, "1.05 MB (1 MiB)"),
      (9_999_999, "10 MB (9.54 MiB)"),
      (UInt64.max, "18.4 EB (16 EiB)"),
    ] as [(UInt64, String)])
  func both(byteCount: UInt64, text: String) {
    #expect(ByteFormat.both(byteCount) == text)
  }

  @Test("Groups, durations and fixed decimals")
  func others() {
    #expect(ByteFormat.grouped(1_234_567) == "1,234,567")
    #expect(ByteFormat.grouped(-1_000) == "-1,000")
    #expect(ByteFormat.grouped(999) == "999")
    #expect(ByteFormat.grouped(Int64.min) == "-9,223,372,036,854,775,808")
    #expect(ByteFormat.duration(seconds: 2.1) == "3 s")
    #expect(ByteFormat.duration(seconds: 245) == "4 min 05 s")
    #expect(ByteFormat.duration(seconds: 7_800) == "2 h 10 min")
    #expect(ByteFormat.duration(seconds: .infinity) == "a long time")
    #expect(ByteFormat.fixed(0.0349, decimals: 3) == "0.035")
    #expect(ByteFormat.fixed(-0.0001, decimals: 2) == "0.00")
    #expect(ByteFormat.fixed(12, decimals: 0) == "12")
  }
}

@Suite("Tables and progress")
struct TableTests {
  @Test("Columns are as wide as their widest cell, numbers lean right, lines end without spaces")
  func aligns() {
    var table = Table([.text("name"), .number("bytes"), .text("state")])
    table.add(["q_proj", "12", "ok"])
    table.add(["日本", "1,234", ""])
    #expect(
      table.lines() == [
        "name    bytes  state",
        "q_proj     12  ok",
        "日本    1,234",
      ])
  }

  @Test(
    "Columns on a terminal", arguments: [("abc", 3), ("日本", 4), ("e\u{301}", 1), ("é", 1), ("", 0)])
  func width(text: String, columns: Int) {
    #expect(text.displayWidth == columns)
  }

  private func line(
    _ completed: UInt64, rate: Double? = 45_000_000, silence: Double = 0, blocks: Int = 12,
    details: [String]? = nil
  ) -> ProgressLine {
    ProgressLine(
      label: "model.bstk", completed: completed, total: 900_000_000, perSecond: rate,
      silence: silence, details: details ?? ["\(blocks) of 24 blocks", "perplexity 12.50"],
      detailWidths: [15, 17])
  }

  @Test("A line holds bytes, rate, time left and details")
  func lines() {
    let line = line(450_000_000)
    #expect(
      line.text(width: 200)
        == "model.bstk  [###############---------------]   50%  450 of 900 MB  45.0 MB/s"
        + "          10 s left  12 of 24 blocks   perplexity 12.50")
    #expect(
      line.text
        == "model.bstk  50%  450 of 900 MB  45.0 MB/s  10 s left  12 of 24 blocks  perplexity 12.50"
    )
    let unknown = ProgressLine(label: "m", completed: 5, total: nil, perSecond: nil)
    #expect(unknown.text == "m  5 B")
  }

  @Test("Facts are there whole or not at all, and where they are depends on the width alone")
  func steady() {
    var counts: Set<Int> = []
    for width in 0..<200 {
      let some = [
        line(0, rate: nil, blocks: 0), line(1_234, rate: 3), line(99_960_000, rate: 999_999),
        line(450_000_000, silence: 125),
        line(450_000_000, details: ["12 of 24 blocks"]), line(899_999_999, rate: 1, blocks: 24),
      ].map { $0.text(width: width) }
      #expect(Set(some.map(\.displayWidth)).count == 1 && some[0].displayWidth <= width)
      for text in some {
        #expect(text.contains(" blocks") == text.contains(" of 24 blocks"))
        #expect(text.contains("MB") == text.contains("of 900 MB"))
        #expect(text.contains("[") == text.contains("]  "))
      }
      counts.insert(some[3].split(separator: " ").count)
    }
    #expect(counts.count > 5)
  }

  @Test("After some seconds without anything new a line says that instead of a rate")
  func silence() {
    #expect(line(450_000_000, silence: 2.9).text.contains("45.0 MB/s  10 s left"))
    let text = line(450_000_000, silence: 12.7).text
    #expect(text.contains("450 of 900 MB  nothing for 12 s  12 of 24") && !text.contains("/s"))
    #expect(!line(900_000_000, silence: 12.7).text.contains("nothing"))
  }

  @Test(
    "Names are shortened with an ellipsis, wide characters never in the middle",
    arguments: [
      ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abc", 1, "…"), ("abc", 0, ""), ("日本語", 5, "日本…"),
      ("日本語", 4, "日…"),
    ])
  func shortened(text: String, columns: Int, expected: String) {
    #expect(text.shortened(to: columns) == expected)
  }

  @Test("Figures that change keep three digits")
  func digits() {
    let counts: [UInt64] = [0, 999, 1_000, 9_994, 9_996, 99_940, 99_960, 999_499, 999_500, .max]
    #expect(
      counts.map(ByteFormat.threeDigits) == [
        "0 B", "999 B", "1.00 kB", "9.99 kB", "10.0 kB", "99.9 kB", "100 kB", "999 kB", "1.00 MB",
        "18.4 EB",
      ])
    #expect(ByteFormat.part(12_345_678, of: 1_200_000_000) == "0.01 of 1.20 GB")
    #expect(ByteFormat.part(12_345_678, of: 120_000_000) == "12 of 120 MB")
    #expect(ByteFormat.count(1, "block") == "1 block" && ByteFormat.count(0, "block") == "0 blocks")
  }

  @Test("What would command a terminal is replaced, everything else stays")
  func printable() {
    #expect("a\u{1B}[2J\r\n\u{9B}\u{7F}\u{202E}".printable == "a?[2J?????")
    #expect("日本 é e\u{301} 👩‍👧 ü".printable == "日本 é e\u{301} 👩‍👧 ü")
    #expect(
      "a b's".quotedForShell == #"'a b'\''s'"# && "/x/ü-1.bstk".quotedForShell == "/x/ü-1.bstk")
    var facts = Facts()
    facts.add("a", "x\u{1B}\ny")
    #expect(facts.lines == ["a  x?", "   y"])
  }

  @Test("The rate follows a change within seconds and ignores what was there before")
  func rate() throws {
    var meter = RateMeter()
    meter.add(completed: 1_000_000, at: 0)
    #expect(meter.perSecond == nil)
    for second in 1...20 {
      meter.add(completed: 1_000_000 + UInt64(second) * 100, at: Double(second))
    }
    #expect(abs(try #require(meter.perSecond) - 100) < 1e-6)
    for second in 21...32 { meter.add(completed: 1_002_000, at: Double(second)) }
    #expect(try #require(meter.perSecond) < 10)
  }
}

@Suite("Error reports")
struct ErrorReportTests {
  @Test("Code, place and remedy each on its line; the exit code by who is to blame")
  func text() {
    let report = ErrorReport(
      BSTKError(
        .chunkHash, "chunk 3 is damaged", offset: 4_096, section: .chunk(3), remedy: "fetch again"))
    #expect(
      report.text(style: .plain) == """
        error[CHUNK_HASH]: chunk 3 is damaged
          at byte offset 4096 (chunk 3)
          help: fetch again
        """)
    #expect(report.status == .invalid)
    #expect(ErrorReport(BSTKError(.io, "x")).status == .failure)
  }

  @Test("As JSON: sorted keys, slashes as they are, nothing for what is not known")
  func json() throws {
    let report = ErrorReport(BSTKError(.io, "a/b", remedy: "c"))
    #expect(
      try JSONLines.encode(["error": report])
        == #"{"error":{"code":"IO","message":"a/b","remedy":"c"}}"#)
  }
}
