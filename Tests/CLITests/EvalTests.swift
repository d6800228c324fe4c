import BSTKFormat
import BSTKInference
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("bstk eval")
struct EvalTests {
  /// A row of the report.
  private struct Row: Decodable {
    let name: String
    let bytes: UInt64?
    let blocks: Int?
    let perplexity: Double
    let windows: Int
  }

  private struct Report: Decodable {
    let text: String
    let rows: [Row]
  }

  private func report(_ run: Program.Run) throws -> Report {
    #expect(run.code == 0, "\(run)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Report.self, from: Data(run.output.utf8))
  }

  @Test("The quality in the index is what eval measures at those cuts")
  func indexed() async throws {
    let fixture = try await QualityFixture()
    let manifest = try ModelFile(fixture.model).manifest
    let quality = try #require(manifest.extensions.quality)
    #expect(quality.label == "evaluation.txt, windows of 256")
    #expect(quality.points.count >= 4)
    let sizes = quality.points.map { "\(manifest.cut(afterChunks: $0.chunkCount).fileByteCount)B" }
    let rows = try report(
      await Program.run([
        "eval", fixture.model, "--text", fixture.evaluation, "--mb",
        sizes.joined(separator: ","), "--source", BundledModelTests.source, "--json",
      ])
    ).rows
    #expect(rows.first?.bytes == nil && rows.first?.name == BundledModelTests.source)
    #expect(abs((rows.first?.perplexity ?? 0) / quality.sourceValue - 1) <= 1e-6)
    #expect(rows.count == quality.points.count + 1)
    for (row, point) in zip(rows.dropFirst(), quality.points) {
      #expect(row.bytes == manifest.cut(afterChunks: point.chunkCount).fileByteCount)
      #expect(abs(row.perplexity / point.value - 1) <= 1e-6)
    }
  }

  @Test("A table for people, a chart that is XML, and both for a handful of windows")
  func chart() async throws {
    let fixture = try await QualityFixture()
    let text = try fixture.folder.write(
      fixture.folder.read("evaluation.txt"), to: "a<b & \"c\u{7}\".txt")
    let chart = fixture.folder.file("chart.svg")
    let run = try await Program.run([
      "eval", fixture.model, "--text", text, "--windows", "1", "--window", "64", "--points", "3",
      "--source", BundledModelTests.source, "--svg", chart,
    ])
    #expect(run.code == 0, "\(run)")
    #expect(run.output.split(separator: "\n").count >= 5)
    #expect(run.output.contains("perplexity") && run.output.contains("source"))
    let elements = Elements()
    let parser = XMLParser(data: Data(try fixture.folder.read("chart.svg")))
    parser.delegate = elements
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(elements.counts["svg"] == 1 && elements.counts["circle"] == 3)
    #expect(elements.counts["polyline"] == 1)
  }

  /// Counts elements by name.
  private final class Elements: NSObject, XMLParserDelegate {
    var counts: [String: Int] = [:]

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      counts[name, default: 0] += 1
    }
  }

  @Test("A folder has one row; token ids from a file are the text itself")
  func folder() async throws {
    let fixture = try await QualityFixture()
    let language = try LanguageModel(path: BundledModelTests.source)
    let ids = try language.tokens(ofTextFile: fixture.evaluation)
    let path = try fixture.folder.write(Array("\(ids)".utf8), to: "ids.json")
    var values: [Double] = []
    for text in [["--text", fixture.evaluation], ["--tokens", path]] {
      let rows = try report(
        await Program.run(["eval", BundledModelTests.source, "--windows", "2", "--json"] + text)
      ).rows
      #expect(rows.count == 1 && rows.first?.windows == 2 && rows.first?.bytes == nil)
      values += rows.map(\.perplexity)
    }
    #expect(values.count == 2 && values.first == values.last)
  }

  @Test(
    "Bad input: one clear message, an exit code that tells, no chart",
    arguments: [
      (["--text", "missing.txt"], 2, "error[IO]"),
      (["--text", "empty.txt"], 1, "error[MODEL]"),
      (["--text", "latin.txt"], 1, "error[TOKENIZER]"),
      (["--tokens", "words.txt"], 1, "error["),
      (["--tokens", "huge.txt"], 1, "error["),
      (["--text", "evaluation.txt", "--mb", "0.01"], 1, "error[BUDGET_TOO_SMALL]"),
      (["--text", "evaluation.txt", "--mb", "two"], 64, "Write megabytes"),
      (["--text", "evaluation.txt", "--mb", "2", "--points", "3"], 64, "--points"),
      (["--text", "evaluation.txt", "--points", "1"], 64, "--points"),
      (["--text", "evaluation.txt", "--points", "9999999999"], 64, "--points"),
      (["--text", "evaluation.txt", "--window", "1"], 64, "--window"),
      (["--text", "evaluation.txt", "--window", "9000000000000000000"], 1, "error[MODEL]"),
      (["--text", "evaluation.txt", "--tokens", "huge.txt"], 64, "--tokens"),
      ([], 64, "--text"),
      (["--text", "evaluation.txt", "--source", "missing"], 2, "error["),
    ] as [([String], Int32, String)])
  func refusals(_ arguments: [String], _ code: Int32, _ message: String) async throws {
    let fixture = try await QualityFixture()
    try fixture.folder.write([], to: "empty.txt")
    try fixture.folder.write(Array(repeating: 0xE9, count: 5_000), to: "latin.txt")
    try fixture.folder.write(Array("one two".utf8), to: "words.txt")
    try fixture.folder.write(
      Array(String(repeating: "60000 ", count: 600).utf8), to: "huge.txt")
    let run = try await Program.run(
      ["eval", "m.bstk", "--svg", "chart.svg"] + arguments, in: fixture.folder.path)
    #expect(run.code == code && run.output.isEmpty, "\(arguments): \(run)")
    #expect(run.error.contains(message), "\(arguments): \(run)")
    #expect(try !fixture.folder.contents().contains { $0.contains("chart") })
  }

  @Test("Budgets for a folder are a usage error, a file that is no model is refused")
  func subjects() async throws {
    let fixture = try await QualityFixture()
    let folder = try await Program.run([
      "eval", BundledModelTests.source, "--text", fixture.evaluation, "--mb", "1",
    ])
    #expect(folder.code == 64, "\(folder)")
    let file = try await Program.run(["eval", fixture.evaluation, "--text", fixture.evaluation])
    #expect(file.code == 1 && file.error.hasPrefix("error["), "\(file)")
  }

  @Test(
    "An address is measured like the file, from the prefix that is needed",
    .enabled(if: Nginx.path != nil, "no nginx"))
  func address() async throws {
    let fixture = try await QualityFixture()
    let temporary = try TemporaryFolder()
    let manifest = try ModelFile(fixture.model).manifest
    let size = manifest.cut(afterChunks: manifest.baseChunkCount + 9).fileByteCount
    let arguments = [
      "--text", fixture.evaluation, "--windows", "1", "--mb",
      "\(manifest.header.baseEnd)B,\(size)B", "--json",
    ]
    let local = try report(await Program.run(["eval", fixture.model] + arguments))
    try await Nginx.serving(fixture.folder.path) { server in
      let remote = try report(
        await Program.run(
          ["eval", server.address + "m.bstk"] + arguments,
          environment: ["TMPDIR": temporary.path]))
      #expect(remote.rows.map(\.perplexity) == local.rows.map(\.perplexity))
      #expect(remote.rows.map(\.bytes) == local.rows.map(\.bytes))
      let sent = try server.log().reduce(0) { $0 + $1.bytesSent }
      #expect(sent >= size && sent <= size + (1 << 16))
    }
    #expect(try temporary.contents() == [])
  }
}
