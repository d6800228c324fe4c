import BSTKFormat
import BSTKModelFiles
import BSTKTokenizer
import Foundation
import Testing

@testable import BSTKInference

@Suite struct TransformerTests {
  /// Tensors of a folder with some left out or in another shape.
  private struct Altered: WeightSource {
    let base: HuggingFaceFolder
    var missing: String?
    var reshaped: String?

    func shape(of name: String) -> [Int]? {
      if name == missing { return nil }
      return base.shape(of: name).map { name == reshaped ? $0.reversed() + [1] : $0 }
    }

    func loadFloats(_ name: String) throws -> [Float] {
      Issue.record("a weight was read")
      return []
    }
  }

  @Test(arguments: [
    "model.embed_tokens.weight", "lm_head.weight", "model.norm.weight",
    "model.layers.1.self_attn.o_proj.bias", "model.layers.0.mlp.down_proj.weight",
    "model.layers.1.post_attention_layernorm.weight",
  ])
  func `missing and misshapen tensors are found before any work`(_ name: String) throws {
    let model = try OpenedModel(ModelFolders.references.appending(path: "llama-biased"))
    for source in [
      Altered(base: model.weights, missing: name), Altered(base: model.weights, reshaped: name),
    ] {
      #expect {
        try Transformer(configuration: model.configuration, weights: source)
      } throws: { error in
        (error as? BSTKError)?.code == .model && "\(error)".contains(name)
      }
    }
  }

  @Test func `the observer sees what each linear layer multiplies`() throws {
    let model = try OpenedModel(ModelFolders.references.appending(path: "llama-biased"))
    let windows: [[TokenID]] = [[1, 2, 3], [4, 5], [6, 7, 8, 9]]
    var states = try model.transformer.embed(windows)
    let before = states.values
    let layer = try model.transformer.loadLayer(1)
    var inputs: [String: [Float]] = [:]
    var calls = 0
    try model.transformer.apply(layer, to: &states, tileTokens: 4) { layers, input in
      calls += 1
      for layer in layers {
        #expect(input.count % layer.inFeatures == 0)
        for i in input.indices { inputs[layer.name, default: []].append(input[i]) }
      }
    }
    #expect(calls == 3 * 4)
    #expect(
      Set(inputs.keys) == Set(model.configuration.linearLayers.filter { $0.layer == 1 }.map(\.name))
    )
    // The layer's output is its input plus what the two output projections make of their inputs.
    var expected = before
    for role in [LinearLayer.Role.attentionOutput, .down] {
      let linear = layer[role]
      let input = try #require(inputs[linear.layer.name])
      #expect(input.count == 9 * linear.layer.inFeatures)
      var product = [Float](repeating: 0, count: expected.count)
      var span = product.mutableSpan
      linear.apply(input.span, into: &span)
      for i in expected.indices { expected[i] += product[i] }
    }
    #expect(largestDifference(expected, states.values) <= 1e-5)
  }

  @Test func `an observer that throws stops the pass`() throws {
    struct Stop: Error {}
    let model = try OpenedModel(ModelFolders.references.appending(path: "llama-linear"))
    var states = try model.transformer.embed([[1, 2]])
    #expect(throws: Stop.self) {
      try model.transformer.apply(model.transformer.loadLayer(0), to: &states) { _, _ in
        throw Stop()
      }
    }
  }

  @Test func `texts longer than a block of queries attend as short ones`() throws {
    // 700 tokens take three blocks; the sliding window keeps most keys out of the later ones.
    let model = try OpenedModel(ModelFolders.references.appending(path: "mistral-sliding"))
    let text = (0..<700).map { TokenID($0 * 37 % 64) }
    let whole = try model.run([text]).logits
    let resident = try ResidentModel(configuration: model.configuration, weights: model.weights)
    var state = GenerationState(configuration: model.configuration)
    var last: [Float] = []
    for token in text { last = try resident.logits(after: [token], in: &state) }
    #expect(largestDifference(whole.suffix(64), last) <= 1e-4)
  }
}
