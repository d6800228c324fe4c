import BSTKInference
import BSTKTokenizer
import BSTKModelFiles
import BSTKFormat
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

  @Test(arguments: names)
  func `matrices of 16 bits stay in 16 bits, and a head that is the embedding counts once`(
    _ name: String
  ) throws {
    let opened = try OpenedModel(ModelFolders.references.appending(path: name))
    let model = try ResidentModel(configuration: opened.configuration, weights: opened.weights)
    let expected = opened.weights.tensors.reduce(0) { sum, tensor in
      sum + tensor.elementCount * (tensor.shape.count == 2 ? tensor.type.byteCount : 4)
    }
    #expect(model.weightByteCount == expected)
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
