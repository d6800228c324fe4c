internal import BSTKTokenizer
internal import BSTKModelFiles
internal import BSTKFormat

extension Transformer {
  package static let embeddingName = "model.embed_tokens.weight"
  package static let untiedHeadName = "lm_head.weight"
  static let normName = "model.norm.weight"

  /// The tensor the output head multiplies by.
  var headName: String {
    configuration.tiesEmbeddings ? Self.embeddingName : Self.untiedHeadName
  }

  var embeddingShape: [Int] { [configuration.vocabularySize, configuration.hiddenSize] }

  static func normNames(ofLayer index: Int) -> (input: String, postAttention: String) {
    let prefix = "model.layers.\(index)"
    return (prefix + ".input_layernorm.weight", prefix + ".post_attention_layernorm.weight")
  }

  /// Every tensor of the model must be there with its shape before any work begins.
  func checkShapes() throws {
    try weights.check(Self.embeddingName, shape: embeddingShape)
    try weights.check(headName, shape: embeddingShape)
    try weights.check(Self.normName, shape: [configuration.hiddenSize])
    for layer in configuration.linearLayers {
      try weights.check(layer.weightName, shape: [layer.outFeatures, layer.inFeatures])
      if layer.hasBias { try weights.check(layer.biasName, shape: [layer.outFeatures]) }
    }
    for index in 0..<configuration.layerCount {
      let names = Self.normNames(ofLayer: index)
      try weights.check(names.input, shape: [configuration.hiddenSize])
      try weights.check(names.postAttention, shape: [configuration.hiddenSize])
    }
  }

  /// Refuses empty texts and tokens outside the vocabulary.
  static func check(_ windows: [[TokenID]], configuration: ModelConfiguration) throws {
    for window in windows {
      guard !window.isEmpty else { throw BSTKError(.model, "a text has no tokens") }
      for token in window where token >= configuration.vocabularySize {
        throw BSTKError(
          .model,
          "token \(token) is outside the model's vocabulary of \(configuration.vocabularySize)",
          remedy: "use the tokenizer that belongs to the model")
      }
    }
  }
}

extension WeightSource {
  /// Throws unless the tensor is there with that shape.
  func check(_ name: String, shape expected: [Int]) throws {
    guard let shape = shape(of: name) else {
      throw BSTKError(.model, "the model has no tensor \(name)")
    }
    guard shape == expected else {
      throw BSTKError(.model, "\(name) has shape \(shape); the configuration needs \(expected)")
    }
  }

  /// The tensor, once its shape is right.
  func floats(_ name: String, shape expected: [Int]) throws -> [Float] {
    try check(name, shape: expected)
    let values = try loadFloats(name)
    guard values.count == expected.reduce(1, *) else {
      throw BSTKError(.model, "\(name) was read with \(values.count) elements, not \(expected)")
    }
    return values
  }

  /// The matrix, once its shape is right.
  ///
  /// - Parameter form: How it shall be held.
  func matrix(_ name: String, shape expected: [Int], _ form: WeightForm) throws -> WeightMatrix {
    switch form {
    case .floats:
      return WeightMatrix(
        rows: expected[0], columns: expected[1], floats: try floats(name, shape: expected))
    case .stored:
      try check(name, shape: expected)
      let matrix = try loadMatrix(name)
      guard [matrix.rows, matrix.columns] == expected else {
        throw BSTKError(
          .model, "\(name) was read as \(matrix.rows) × \(matrix.columns), not \(expected)")
      }
      return matrix
    }
  }
}
