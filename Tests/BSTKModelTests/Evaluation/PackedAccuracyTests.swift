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

  @Test(arguments: Code.allCases)
  func `token by token the loss is that of rebuilt weights to a thousandth`(
    _ code: Code
  ) throws {
    let file = try compress(code)
    let tokens = try tokens(400)
    let manifest = file.manifest
    for part in [0, 1, 2, 3] {
      let chunkCount =
        manifest.baseChunkCount + (manifest.chunks.count - manifest.baseChunkCount) * part / 3
      let cut = manifest.cut(afterChunks: chunkCount)
      let expected = try Perplexity.measure(
        tokens,
        with: Transformer(
          configuration: opened.configuration,
          weights: Rebuilt(weights: BSTKWeights(file, chunkCount: chunkCount))),
        protocol: EvaluationProtocol(windowLength: tokens.count))
      let model = try ResizableModel(file, configuration: opened.configuration, cut: cut)
      var state = GenerationState(configuration: opened.configuration, capacity: tokens.count)
      var sum = 0.0
      for (token, next) in zip(tokens, tokens.dropFirst()) {
        let logits = try model.resident.logits(after: [token], in: &state)
        sum -= Kernels.logProbability(logits.span, of: Int(next))
      }
      let loss = sum / Double(tokens.count - 1)
      #expect(abs(loss - expected.meanLoss) <= 1e-3, "\(cut): \(loss), \(expected.meanLoss)")
    }
  }
}
