import BSTKInference
import BSTKModelFiles
import BSTKFormat
import BSTKCompression
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

/// The checkpoint that the reference code wrote, and what it measured on it.
@Suite("Import of a real checkpoint")
struct PublishedCheckpointTests {
  private static let shared = ModelFolders.package.deletingLastPathComponent()
    .appending(path: "shared")

  /// The checkpoint's folder, nil with a printed reason where it is missing.
  private static var checkpoint: URL? {
    let url = shared.appending(path: "models/pd-llama-bitstack-k4")
    if FileManager.default.fileExists(atPath: url.path) { return url }
    print("skipped: no checkpoint at ../shared/models/pd-llama-bitstack-k4")
    return nil
  }

  private struct Entry: Decodable {
    let memory: Int
  }

  /// Σ sign · (u vt) in fp32, one element at a time: what numpy gives.
  private func naive(
    _ name: String, levels: Int, in folder: HuggingFaceFolder
  ) throws -> [Float] {
    var sum: [Float] = []
    for level in 0..<levels {
      let shape = try #require(folder.tensor(named: "\(name).u_\(level)")).shape
      let (rows, rank) = (shape[0], shape[1])
      let columns = try #require(folder.tensor(named: "\(name).vt_\(level)")).shape[1]
      var u = [Float](repeating: 0, count: rows * rank)
      var vt = [Float](repeating: 0, count: rank * columns)
      var signs = [UInt8](repeating: 0, count: rows * columns / 8)
      do {
        var span = u.mutableSpan
        try folder.readFloats(of: "\(name).u_\(level)", from: 0, into: &span)
      }
      do {
        var span = vt.mutableSpan
        try folder.readFloats(of: "\(name).vt_\(level)", from: 0, into: &span)
      }
      do {
        var span = signs.mutableSpan
        try folder.readBytes(of: "\(name).qweight_\(level)", from: 0, into: &span)
      }
      if sum.isEmpty { sum = [Float](repeating: 0, count: rows * columns) }
      for row in 0..<rows {
        for column in 0..<columns {
          let element = row * columns + column
          var magnitude: Float = 0
          for k in 0..<rank { magnitude += u[row * rank + k] * vt[k * columns + column] }
          let isPositive = signs[element / 8] & (0x80 >> UInt8(element % 8)) != 0
          sum[element] += isPositive ? magnitude : -magnitude
        }
      }
    }
    return sum
  }

  @Test func `reconstructed weights equal plain fp32 sums`() throws {
    guard let url = Self.checkpoint else { return }
    let output = try TemporaryFolder()
    _ = try BitStackImporter(folder: url.path).write(to: output.file("m.bstk"))
    let file = try ModelFile(output.file("m.bstk"))
    let folder = try HuggingFaceFolder(path: url.path)
    let weights = try BSTKWeights(file)
    for name in ["model.layers.0.self_attn.k_proj", "model.layers.3.self_attn.q_proj"] {
      let tensor = try #require(weights.matrixTensor(named: name + ".weight"))
      let levels = weights.levelCounts[tensor.parts.lowerBound]
      let expected = try naive(name, levels: levels, in: folder)
      let largest = expected.reduce(0) { max($0, abs($1)) }
      let actual = try weights.loadFloats(name + ".weight")
      #expect(largestDifference(actual, expected) <= 2e-6 * largest, "\(name)")
    }
  }

  @Test func `perplexity at the sizes of its schedule is the reference's`() throws {
    guard let url = Self.checkpoint else { return }
    let output = try TemporaryFolder()
    _ = try BitStackImporter(folder: url.path).write(to: output.file("m.bstk"))
    let file = try ModelFile(output.file("m.bstk"))
    let memory = try JSONDecoder().decode(
      [Entry].self, from: Data(contentsOf: url.appending(path: "compression_config.json"))
    ).map(\.memory)
    let curves = try #require(
      JSONSerialization.jsonObject(
        with: Data(contentsOf: Self.shared.appending(path: "research/reference-curve.json")))
        as? [String: Any])
    let curve = try #require(curves["reference k=4"] as? [[Double]])
    let points = [curve[0], curve[4], curve[12]]
    let cuts = try points.map { point in
      let entry = try #require(memory.firstIndex(of: Int(point[0])))
      return file.manifest.cut(afterChunks: file.manifest.baseChunkCount + entry)
    }
    let language = try LanguageModel(.file(file))
    let tokens = try language.tokens(
      ofTextFile: ModelFolders.trained.appending(path: "eval.txt").path)
    let values = try BudgetSweep(file, configuration: language.configuration)
      .run(tokens, cuts: cuts)
    for (point, value) in zip(points, values) {
      #expect(abs(value.value / point[1] - 1) <= 3e-3, "\(point): \(value.value)")
    }
  }
}
