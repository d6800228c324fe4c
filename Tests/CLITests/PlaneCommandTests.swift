import BSTKCompression
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

/// The ordinary way of a user: the bundled model, its own calibration text, default options.
@Suite("A file of nested planes, from compressing to growing")
struct PlaneCommandTests {
  private static let source = BundledModelTests.source
  private static let planeCount = NestedCompressionOptions().planeCount
  private static let statistics = Task {
    let folder = try TemporaryFolder()
    let run = try await Program.run(
      ["calibrate", source, "--text", "\(source)/calibration.txt", "-o", folder.file("s")]
        + ["--windows", "48"])
    #expect(run.code == 0, "\(run)")
    return folder
  }
  private static let compressed = Task {
    let folder = try TemporaryFolder()
    let run = try await compress(to: folder.file("m.bstk"), [])
    #expect(run.code == 0 && run.error.isEmpty, "\(run)")
    return try folder.read("m.bstk")
  }

  private static func compress(
    to output: String, _ options: [String], environment: [String: String] = [:]
  ) async throws -> Program.Run {
    let statistics = try await statistics.value.file("s")
    return try await Program.run(
      ["compress", source, "-o", output, "--statistics", statistics] + options,
      environment: environment)
  }

  private let folder: TemporaryFolder
  private let model: String
  private let manifest: Manifest

  init() async throws {
    folder = try TemporaryFolder()
    model = try await folder.write(Self.compressed.value, to: "m.bstk")
    manifest = try ModelFile(model).manifest
  }

  @Test("The same bytes from one, two and four threads", arguments: ["1", "2", "4"])
  func threads(_ count: String) async throws {
    for (options, environment) in [
      (["--threads", count], [:]), ([], ["OPENBLAS_NUM_THREADS": count]),
    ] {
      let run = try await Self.compress(
        to: folder.file("again.bstk"), options, environment: environment)
      #expect(run.code == 0, "\(run)")
      #expect(try folder.read("again.bstk") == folder.read("m.bstk"))
    }
  }

  @Test("Every cut has a perplexity, and that of the whole file is within 2 % of the source's")
  func quality() async throws {
    let sizes = (manifest.baseChunkCount...manifest.chunks.count).map {
      "\(manifest.cut(afterChunks: $0).fileByteCount)B"
    }
    func perplexities(_ arguments: [String]) async throws -> [Double] {
      let run = try await Program.run(
        ["eval", model, "--text", "\(Self.source)/eval.txt", "--json"] + arguments)
      #expect(run.code == 0, "\(run)")
      let rows = try #require(try run.object()["rows"] as? [[String: Any]])
      return rows.compactMap { $0["perplexity"] as? Double }
    }
    let all = try await perplexities(
      ["--windows", "1", "--window", "128", "--mb", sizes.joined(separator: ",")])
    #expect(all.count == sizes.count && all.allSatisfy { $0.isFinite && $0 > 1 })
    let ends = try await perplexities(
      ["--windows", "12", "--source", Self.source]
        + ["--mb", "\(manifest.header.baseEnd)B,\(manifest.header.storedByteCount)B"])
    try #require(ends.count == 3)
    #expect(ends[1] > ends[2] && abs(ends[2] / ends[0] - 1) < 0.02, "\(ends)")
  }

  @Test("A prefix grows to the published file, and trims back to what it was")
  func growth() async throws {
    let file = try folder.read("m.bstk")
    let client = try TemporaryFolder()
    let cut = manifest.cut(afterChunks: manifest.baseChunkCount + 10)
    let output = client.file("m.bstk")
    for (arguments, count) in [
      (
        ["fetch", "file://\(model)", "-o", output, "--mb", "\(cut.fileByteCount)B"],
        cut.fileByteCount
      ),
      (["fetch", "file://\(model)", "-o", output, "--all"], UInt64(file.count)),
      (["trim", output, "--mb", "\(cut.fileByteCount)B"], cut.fileByteCount),
    ] {
      let run = try await Program.run(arguments)
      #expect(run.code == 0, "\(run)")
      #expect(try client.read("m.bstk") == Array(file.prefix(Int(count))))
      let verify = try await Program.run(["verify", output, "--strict"])
      #expect(verify.code == 0, "\(verify)")
    }
  }

  @Test("inspect tells planes from sign blocks, in JSON and in the table")
  func inspect() async throws {
    let report = try await Program.run(["inspect", model, "--json"]).object()
    let matrices = try #require(report["matrices"] as? [[String: Any]])
    #expect(matrices.count == manifest.matrices.count && manifest.matrixTensors.count == 29)
    for (entry, matrix) in zip(matrices, manifest.matrices) {
      #expect(entry["kind"] as? String == "nested planes")
      #expect(entry["levels_total"] as? Int == Self.planeCount)
      #expect(entry["levels_base"] as? Int == matrix.baseLevelCount)
      #expect(entry["outliers"] as? Int == matrix.outlierCount)
      #expect(entry["vectors"] as? [String] == ["log8"])
    }
    let order = try #require(report["order"] as? [[String: Any]])
    #expect(order.contains { $0["codec"] as? String == "zstd+mirror" })
    let table = try await Program.run(["inspect", model]).output
    #expect(table.components(separatedBy: "nested planes").count == 30)
    let signs = folder.file("signs.bstk")
    try SyntheticModel().write(to: signs)
    #expect(try await Program.run(["inspect", signs]).output.contains("sign blocks"))
  }

  @Test("A tensor in parts is one line to people, and every part one entry in JSON")
  func parts() async throws {
    let path = folder.file("parts.bstk")
    let manifest = try SyntheticModel.parts.write(to: path)
    for command in ["inspect", "plan"] {
      let report = try await Program.run([command, path, "--json"]).object()
      let matrices = try #require(report["matrices"] as? [[String: Any]])
      #expect(matrices.compactMap { $0["name"] as? String } == manifest.matrices.map(\.name))
      #expect(matrices.compactMap { $0["first_row"] as? Int } == [0, 3, 0, 4, 5, 0])
    }
    let inspect = try await Program.run(["inspect", path]).output.split(separator: "\n")
    let line = try #require(inspect.first { $0.hasPrefix("b.weight ") })
    let cells = line.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(cells[..<4] == ["b.weight", "nested planes", "7 x 20", "3"])
    #expect(cells.contains("2-4/2-4") && cells.contains("6"))
    #expect(inspect.count { $0.hasPrefix("b.weight ") } == 1)
    let base = try await Program.run(["plan", path, "--blocks", "8"]).output
      .split(separator: "\n")
    #expect(base.contains { $0.hasPrefix("b.weight ") && $0.hasSuffix(" 1-2/2-4") })
  }

  @Test("plan: wire bytes and bytes in memory, each a budget of its own")
  func plan() async throws {
    let whole = try await Program.run(["plan", model, "--json"]).object()
    let wire = try #require(whole["file_bytes"] as? UInt64)
    let resident = try #require(whole["resident_bytes"] as? UInt64)
    #expect(wire == manifest.header.storedByteCount)
    // Planes lie in memory as bits, an eighth of a byte a weight, and are shorter on the wire.
    let weights = manifest.matrices.reduce(0) { $0 + $1.elementCount }
    #expect(Double(resident) >= Double(Self.planeCount * weights) / 8 && wire < resident)
    let small = try await Program.run(["plan", model, "--ram", "\(resident - 1)B", "--json"])
      .object()
    #expect(small["blocks"] as? Int == manifest.blockCount - 1)
    #expect(try #require(small["resident_bytes"] as? UInt64) < resident)
  }

  @Test("Statistics of a model of another shape are refused, with nothing left")
  func otherStatistics() async throws {
    let other = folder.file("other")
    try FileManager.default.copyItem(atPath: Self.source, toPath: other)
    let config = try String(contentsOfFile: "\(other)/config.json", encoding: .utf8)
      .replacing("\"num_hidden_layers\": 4", with: "\"num_hidden_layers\": 5")
    try folder.write(Array(config.utf8), to: "other/config.json")
    let statistics = try await Self.statistics.value.file("s")
    let run = try await Program.run(
      ["compress", other, "-o", folder.file("out.bstk"), "--statistics", statistics])
    #expect(run.code == 1 && run.error.hasPrefix("error[MODEL]: "), "\(run)")
    #expect(run.error.contains("model.layers.4."), "\(run)")
    #expect(try folder.contents() == ["m.bstk", "other"])
  }

  @Test("Without a text the file is made all the same, and it is said that it is worse")
  func uncalibrated() async throws {
    let output = folder.file("plain.bstk")
    let run = try await Program.run(["compress", Self.source, "-o", output])
    #expect(run.code == 0 && run.error.contains("without --calibration"), "\(run)")
    #expect(run.error.contains("worse"))
    let silent = try await Program.run(["compress", Self.source, "-o", output, "--json"])
    #expect(silent.code == 0 && silent.error.isEmpty, "\(silent)")
    let provenance = try #require(try ModelFile(output).manifest.extensions.provenance)
    #expect(provenance.contains("calibration=none"))
    #expect(try ModelFile(output).verify().state == .complete)
  }
}
