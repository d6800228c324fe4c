import BSTKFormat
import BSTKTestSupport
import Testing

/// A published model and the folder where a client keeps its own.
struct FetchFixture {
  /// What a published model is worth, by chunks.
  static let quality = QualityTable(
    metric: .perplexity, label: "a text", sourceValue: 12,
    points: [
      QualityTable.Point(chunkCount: 20, value: 40.25),
      QualityTable.Point(chunkCount: 40, value: 20.5),
      QualityTable.Point(chunkCount: 74, value: 12.34),
    ])

  /// About 3 MB in 74 chunks, 14 of them the base, with a table of quality; made once.
  private static let measured = Result { try model(quality: quality) }
  private static let unmeasured = Result { try model(quality: nil) }

  private static func model(
    quality: QualityTable?, levels: Int = 6
  ) throws -> (file: [UInt8], manifest: Manifest) {
    var model = SyntheticModel(
      matrices: (0..<12).map {
        SyntheticModel.Matrix(
          "model.layers.\($0).a.weight", rows: 512, columns: 640, levels: levels)
      })
    model.quality = quality
    let folder = try TemporaryFolder()
    let manifest = try model.write(to: folder.file("m.bstk"))
    return (try folder.read("m.bstk"), manifest)
  }

  let client: TemporaryFolder
  let file: [UInt8]
  let manifest: Manifest

  init(isMeasured: Bool = true) throws {
    client = try TemporaryFolder()
    (file, manifest) = try (isMeasured ? Self.measured : Self.unmeasured).get()
  }

  /// A file of about 0.5 MB a level without a table of quality.
  init(levels: Int) throws {
    client = try TemporaryFolder()
    (file, manifest) = try Self.model(quality: nil, levels: levels)
  }

  var output: String { client.file("m.bstk") }

  /// The command line that fetches the whole file.
  func arguments(_ url: String, _ more: [String] = []) -> [String] {
    ["fetch", url, "-o", output] + more
  }

  /// The output is the published file, and nothing else is left.
  func expectWhole(at location: SourceLocation = #_sourceLocation) throws {
    #expect(try client.read("m.bstk") == file, "bytes differ", sourceLocation: location)
    #expect(try client.contents() == ["m.bstk"], sourceLocation: location)
  }

  /// Runs the same fetch again from a sound server: it moves exactly what the state that an earlier
  /// run has left does not hold, and the header for comparison.
  ///
  /// - Returns: The bytes that were already there.
  @discardableResult
  func expectRest(at location: SourceLocation = #_sourceLocation) async throws -> Int {
    let server = try FaultServer(file)
    defer { server.stop() }
    let run = try await Program.run(arguments(server.url(), ["--json"]))
    #expect(run.code == 0, "\(run)", sourceLocation: location)
    try expectWhole(at: location)
    let opened = try #require(try run.events().first { $0["event"] as? String == "opened" })
    let present = try #require(opened["present_bytes"] as? Int)
    let check = server.requests.first?.range == 0..<256 ? 256 : 0
    #expect(server.bodyByteCount == file.count - present + check, sourceLocation: location)
    return present
  }

  /// Waits until a server has sent so much.
  func wait(for server: FaultServer, toSend byteCount: Int) async throws {
    for _ in 0..<2_000 where server.bodyByteCount < byteCount {
      try await Task.sleep(for: .milliseconds(5))
    }
  }
}
