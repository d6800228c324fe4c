import BSTKTokenizer
import Foundation
import Testing

@testable import BSTKCompression
@testable import BSTKInference

/// Gradients that PyTorch computed, from `Scripts/make_reference_gradients.py`.
struct ReferenceGradients {
  static let names = [
    "llama-biased", "llama-llama3", "mistral-sliding", "qwen2-sliding", "qwen2-yarn-mscale",
  ]
  /// Largest differences, as shares of the largest number of the tensor.
  static let tolerance: Float = 1e-4

  let model: OpenedModel
  let golden: GoldenFile
  let tokens: [TokenID]
  let labels: [TokenID]

  init(_ url: URL) throws {
    model = try OpenedModel(url)
    golden = try GoldenFile(url.appending(path: "golden_gradients.safetensors"))
    tokens = try golden.tokens("input_ids")
    labels = try golden.tokens("labels")
  }

  var angles: RotaryAngles {
    model.configuration.rotaryEmbedding.angles(
      first: 0, count: tokens.count, sequenceLength: tokens.count)
  }

  /// The largest difference from the reference's tensor, relative to its largest number.
  func error(_ values: [Float], _ name: String) throws -> Float {
    let expected = try golden.floats(name)
    let scale = try #require(expected.map(abs).max())
    return largestDifference(values, expected) / scale
  }

  /// The mean over tokens of the squares of the reference's gradient.
  func meanSquares(_ name: String) throws -> [Float] {
    let gradient = try golden.floats(name).map(Double.init)
    let width = gradient.count / tokens.count
    return (0..<width).map { column in
      let squares = tokens.indices.map { gradient[$0 * width + column] }.map { $0 * $0 }
      return Float(squares.reduce(0, +) / Double(tokens.count))
    }
  }

  /// Compares the gradients by hidden states and linear outputs.
  func check() throws {
    let transformer = model.transformer
    let count = model.configuration.layerCount
    var pass = LayerPass(configuration: model.configuration)
    var states = [try transformer.embed([tokens]).values]
    for index in 0..<count {
      pass.input = states[index]
      pass.forward(try transformer.loadLayer(index), angles: angles)
      states.append(pass.output)
    }
    let head = try transformer.loadHead()
    var headPass = HeadPass(configuration: model.configuration)
    headPass.states = states[count]
    headPass.forward(head)
    headPass.backward(head, labels: .given(labels))
    #expect(try error(headPass.gradient, "hidden_\(count)") <= Self.tolerance)
    pass.gradient = headPass.gradient
    for index in (0..<count).reversed() {
      let layer = try transformer.loadLayer(index)
      pass.input = states[index]
      pass.forward(layer, angles: angles)
      pass.backward(layer, angles: angles)
      #expect(try error(pass.gradient, "hidden_\(index)") <= Self.tolerance)
      let gradients: [(LinearLayer.Role, [Float])] = [
        (.query, pass.queryGradient), (.key, pass.keyGradient), (.value, pass.valueGradient),
        (.gate, pass.gate), (.up, pass.up),
      ]
      for (role, gradient) in gradients {
        let name = layer[role].layer.name
        #expect(try error(gradient, name) <= Self.tolerance, "\(name)")
      }
    }
  }

  /// Compares the statistics gathered over the one window.
  func checkStatistics(to path: String) throws {
    let statistics = try StatisticsGatherer(model.transformer)
      .run(windows: [tokens], labels: [labels], to: path)
    func check(_ values: [Float], _ expected: [Float], _ name: String) throws {
      let scale = try #require(expected.max())
      #expect(largestDifference(values, expected) <= Self.tolerance * scale, "\(name)")
    }
    for linear in model.configuration.linearLayers {
      try check(
        statistics.sensitivity(ofOutputOf: linear.name), meanSquares(linear.name), linear.name)
    }
    try check(statistics.embeddingSensitivity(), meanSquares("hidden_0"), "embedding")
    try check(statistics.headSensitivity(), golden.floats("head_variance"), "head")
  }
}
