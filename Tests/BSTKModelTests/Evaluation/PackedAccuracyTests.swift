@testable import BSTKInference
import BSTKTokenizer
import BSTKModelFiles
import BSTKFormat
import BSTKCompression
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

/// Products straight from the code against products with weights rebuilt in fp32.
@Suite("Accuracy of packed weights")
struct PackedAccuracyTests {
  /// The same weights, always in fp32.
  private struct Rebuilt: WeightSource {
    let weights: BSTKWeights

    func shape(of name: String) -> [Int]? { weights.shape(of: name) }
    func loadFloats(_ name: String) throws -> [Float] { try weights.loadFloats(name) }
  }

  enum Code: Sendable, CaseIterable { case planes, signs }

  private let folder: TemporaryFolder
  private let opened: OpenedModel

  init() throws {
    folder = try TemporaryFolder()
    opened = try OpenedModel(ModelFolders.trained)
  }

  private func compress(_ code: Code) throws -> ModelFile {
    let path = folder.file("m.bstk")
    switch code {
    case .planes:
      try NestedCompression(opened.weights).run(to: path)
    case .signs:
      var options = CompressionOptions()
      options.levelCount = 4
      options.rank = 4
      try Compressor(options: options).compress(opened.weights, to: path)
    }
    return try ModelFile(path)
  }

  /// The start of the evaluation text.
  private func tokens(_ count: Int) throws -> [TokenID] {
    let model = try LanguageModel(path: ModelFolders.trained.path)
    return try Array(
      model.tokens(ofTextFile: ModelFolders.trained.appending(path: "eval.txt").path)
        .prefix(count))
  }

  private func logits(_ weights: any WeightSource, _ windows: [[TokenID]]) throws -> [Float] {
    let transformer = try Transformer(configuration: opened.configuration, weights: weights)
    var states = try transformer.embed(windows)
    for index in 0..<opened.configuration.layerCount {
      try transformer.apply(transformer.loadLayer(index), to: &states)
    }
    return try transformer.loadHead().logits(states)
  }

  @Test(arguments: Code.allCases)
  func `logits of many tokens are those of rebuilt weights, at every cut`(_ code: Code) throws {
    let file = try compress(code)
    let windows = [try tokens(24)]
    for chunkCount in file.manifest.baseChunkCount...file.manifest.chunks.count {
      let weights = try BSTKWeights(file, chunkCount: chunkCount)
      let packed = try logits(weights, windows)
      let expected = try logits(Rebuilt(weights: weights), windows)
      let range = try #require(expected.max()) - #require(expected.min())
      #expect(range > 1 && largestDifference(packed, expected) <= 1e-3 * range, "\(chunkCount)")
    }
  }

  /// One token's inputs are rounded to 8 bits, which moves every single prediction a little.
  @Test(arguments: Code.allCases)
  func `token by token the perplexity is that of rebuilt weights to a thousandth`(
    _ code: Code
  ) throws {
    let (windowCount, length) = (10, 400)
    let file = try compress(code)
    let all = try tokens(windowCount * length)
    for chunkCount in [file.manifest.baseChunkCount, file.manifest.chunks.count] {
      let rebuilt = Rebuilt(weights: try BSTKWeights(file, chunkCount: chunkCount))
      let model = try ResizableModel(
        file, configuration: opened.configuration,
        cut: file.manifest.cut(afterChunks: chunkCount))
      var sum = 0.0
      var squares = 0.0
      for start in stride(from: 0, to: all.count, by: length) {
        let window = Array(all[start..<start + length])
        let expected = try logits(rebuilt, [window])
        var state = GenerationState(configuration: opened.configuration, capacity: length)
        for (place, next) in window.dropFirst().enumerated() {
          let row = try model.resident.logits(after: [window[place]], in: &state)
          let difference =
            Kernels.logProbability(
              expected.span.extracting(place * row.count..<(place + 1) * row.count),
              of: Int(next)) - Kernels.logProbability(row.span, of: Int(next))
          sum += difference
          squares += difference * difference
        }
      }
      let count = Double(windowCount * (length - 1))
      #expect(abs(sum / count) <= 1e-3, "\(chunkCount) chunks: \(sum / count)")
      #expect((squares / count).squareRoot() <= 0.05, "\(chunkCount) chunks")
    }
  }
}
