import BSTKFormat
import BSTKInference
import BSTKModelFiles
import BSTKTokenizer
import Foundation
import Testing

@Suite struct ResidentModelTests {
  /// Dynamic scaling rotates each token by the length at its time, so that kind differs by design
  /// once a text is longer than the model was made for.
  static let names = ReferenceModels.names.filter { $0 != "llama-dynamic" }

  @Test(arguments: names)
  func `a text token by token gives the logits of the whole`(_ name: String) throws {
    let url = ModelFolders.references.appending(path: name)
    let opened = try OpenedModel(url)
    let tokens = try GoldenFile(url.appending(path: "golden.safetensors")).tokens("input_ids_0")
    let whole = try opened.run([tokens]).logits
    let model = try ResidentModel(
      configuration: opened.configuration, weights: opened.weights)
    let vocabulary = opened.configuration.vocabularySize
    var state = GenerationState(configuration: opened.configuration)
    var position = 0
    for count in [11, 1, 1, 6, 1, 20] {
      let logits = try model.logits(
        after: Array(tokens[position..<position + count]), in: &state)
      position += count
      let expected = whole[(position - 1) * vocabulary..<position * vocabulary]
      #expect(largestDifference(logits, expected) <= 1e-4, "position \(position)")
    }
    #expect(state.position == 40)
  }

  @Test func `a short text under dynamic scaling, token by token`() throws {
    let url = ModelFolders.references.appending(path: "llama-dynamic")
    let opened = try OpenedModel(url)
    let golden = try GoldenFile(url.appending(path: "golden.safetensors"))
    let model = try ResidentModel(configuration: opened.configuration, weights: opened.weights)
    var state = GenerationState(configuration: opened.configuration)
    var logits: [Float] = []
    for token in try golden.tokens("input_ids_1") {
      logits += try model.logits(after: [token], in: &state)
    }
    #expect(largestDifference(logits, try golden.floats("logits_1")) <= 1e-4)
  }

  @Test func `changing a weight in place changes the model and changing it back restores it`()
    throws
  {
    let opened = try OpenedModel(ModelFolders.references.appending(path: "qwen2-sliding"))
    var model = try ResidentModel(configuration: opened.configuration, weights: opened.weights)
    let tokens: [TokenID] = [3, 1, 4, 1, 5]
    func logits(_ model: borrowing ResidentModel) throws -> [Float] {
      var state = GenerationState(configuration: opened.configuration)
      return try model.logits(after: tokens, in: &state)
    }
    let before = try logits(model)
    for layer in opened.configuration.linearLayers {
      let count = try model.withLinearWeight(layer.weightName) { weight in
        for i in 0..<weight.count { weight[i] += 0.5 }
        return weight.count
      }
      #expect(count == layer.inFeatures * layer.outFeatures)
      #expect(largestDifference(try logits(model), before) > 1e-3, "\(layer.name)")
      try model.withLinearWeight(layer.weightName) { weight in
        for i in 0..<weight.count { weight[i] -= 0.5 }
      }
    }
    #expect(largestDifference(try logits(model), before) <= 1e-4)
    #expect(throws: BSTKError.self) {
      try model.withLinearWeight("model.layers.0.mlp.norm.weight") { _ in }
    }
    #expect(throws: BSTKError.self) {
      try model.withLinearWeight("model.layers.10.mlp.up_proj.weight") { _ in }
    }
    #expect(model.weightByteCount == opened.weights.tensors.reduce(0) { $0 + 4 * $1.elementCount })
  }

  @Test func `tokens outside the vocabulary are refused`() throws {
    let opened = try OpenedModel(ModelFolders.references.appending(path: "llama-linear"))
    let model = try ResidentModel(configuration: opened.configuration, weights: opened.weights)
    var state = GenerationState(configuration: opened.configuration)
    #expect(throws: BSTKError.self) { try model.logits(after: [64], in: &state) }
    #expect(throws: BSTKError.self) { try model.logits(after: [], in: &state) }
    #expect(throws: BSTKError.self) { try opened.transformer.embed([[1], []]) }
  }
}
