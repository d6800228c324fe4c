import BSTKTestSupport
import BSTKTokenizer
import Foundation
import Testing

@testable import BSTKInference

@Suite("Gradients")
struct GradientTests {
  @Test(arguments: ReferenceGradients.names)
  func `gradients and sensitivities equal PyTorch's`(_ name: String) throws {
    let reference = try ReferenceGradients(ModelFolders.references.appending(path: name))
    try reference.check()
    let folder = try TemporaryFolder()
    try reference.checkStatistics(to: folder.file("s"))
  }

  /// The cross-entropy behind a layer-by-layer forward pass, summed over tokens.
  private func loss(
    _ states: HiddenStates, _ labels: [TokenID], in model: OpenedModel
  ) throws -> Double {
    var states = states
    for index in 0..<model.configuration.layerCount {
      try model.transformer.apply(model.transformer.loadLayer(index), to: &states)
    }
    let logits = try model.transformer.loadHead().logits(states)
    let vocabulary = model.configuration.vocabularySize
    return labels.enumerated().reduce(0) { sum, label in
      let row = label.offset * vocabulary..<(label.offset + 1) * vocabulary
      return sum - Kernels.logProbability(logits.span.extracting(row), of: Int(label.element))
    }
  }

  @Test(arguments: ["llama-dynamic", "mistral-linear", "qwen2-sliding"])
  func `gradients equal differences of the loss`(_ name: String) throws {
    let model = try OpenedModel(ModelFolders.references.appending(path: name))
    let tokens = (0..<13).map { TokenID($0 * 29 % 64) }
    let labels = (0..<13).map { TokenID($0 * 17 % 64) }
    let embedded = try model.transformer.embed([tokens])
    let gradient = try gradientByEmbedding(of: embedded, labels, in: model)
    let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    var generator = SeededGenerator(seed: 3)
    for trial in 0..<4 {
      // First along the gradient itself, then anywhere.
      var direction =
        trial == 0 ? gradient : gradient.map { _ in generator.normal() }
      let length = Float(direction.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
      direction = direction.map { $0 / length }
      let step: Float = 0.01
      func moved(_ sign: Float) throws -> Double {
        var states = embedded
        for i in direction.indices { states.values[i] += sign * step * direction[i] }
        return try loss(states, labels, in: model)
      }
      let difference = try (moved(1) - moved(-1)) / Double(2 * step)
      let expected = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(difference - expected) <= 5e-3 * norm, "\(difference), \(expected)")
    }
  }

  private func gradientByEmbedding(
    of embedded: HiddenStates, _ labels: [TokenID], in model: OpenedModel
  ) throws -> [Float] {
    let angles = model.configuration.rotaryEmbedding.angles(
      first: 0, count: labels.count, sequenceLength: labels.count)
    var passes: [LayerPass] = []
    var states = embedded.values
    for index in 0..<model.configuration.layerCount {
      var pass = LayerPass(configuration: model.configuration)
      pass.input = states
      pass.forward(try model.transformer.loadLayer(index), angles: angles)
      states = pass.output
      passes.append(pass)
    }
    let head = try model.transformer.loadHead()
    var headPass = HeadPass(configuration: model.configuration)
    headPass.states = states
    headPass.forward(head)
    headPass.backward(head, labels: .given(labels))
    var gradient = headPass.gradient
    for index in passes.indices.reversed() {
      passes[index].gradient = gradient
      passes[index].backward(try model.transformer.loadLayer(index), angles: angles)
      gradient = passes[index].gradient
    }
    return gradient
  }

  @Test func `a pass gives the states of the forward pass`() throws {
    for name in ReferenceModels.names {
      let model = try OpenedModel(ModelFolders.references.appending(path: name))
      var states = try model.transformer.embed([(0..<20).map { TokenID($0) }])
      var pass = LayerPass(configuration: model.configuration)
      let angles = model.configuration.rotaryEmbedding.angles(
        first: 0, count: 20, sequenceLength: 20)
      for index in 0..<model.configuration.layerCount {
        let layer = try model.transformer.loadLayer(index)
        pass.input = states.values
        pass.forward(layer, angles: angles)
        try model.transformer.apply(layer, to: &states)
        #expect(largestDifference(pass.output, states.values) <= 1e-4, "\(name)")
      }
    }
  }
}
