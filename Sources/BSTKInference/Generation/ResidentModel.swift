public import BSTKModelFiles
public import BSTKTokenizer
internal import BSTKFormat

/// A model whose weights all stay in memory, for generating text token by token.
///
/// Its linear weights can be changed in place, so that a model grows or shrinks to another budget
/// by adding or taking away blocks. It cannot be copied: there is one set of weights, and no
/// mutation ever copies it.
public struct ResidentModel: ~Copyable, Sendable {
  /// The shape of the model.
  public let configuration: ModelConfiguration
  private var layers: [LayerWeights]
  private let head: OutputHead
  /// vocabulary × hidden size; empty where the head's weight is the embedding.
  private let untiedEmbedding: [Float]

  /// Loads every weight.
  ///
  /// - Parameters:
  ///   - configuration: The shape of the model.
  ///   - weights: Where the weights come from.
  ///   - progress: Called after each decoder layer; throwing stops the loading.
  /// - Throws: `BSTKError` when a tensor is missing, misshapen or unreadable.
  public init(
    configuration: ModelConfiguration, weights: any WeightSource,
    progress: (WorkProgress) throws -> Void = { _ in }
  ) throws {
    let transformer = try Transformer(configuration: configuration, weights: weights)
    let head = try transformer.loadHead()
    let embedding =
      configuration.tiesEmbeddings
      ? []
      : try weights.floats(Transformer.embeddingName, shape: transformer.embeddingShape)
    let layers = try (0..<configuration.layerCount).map { index in
      let layer = try transformer.loadLayer(index)
      try progress(WorkProgress(completed: index + 1, total: configuration.layerCount))
      return layer
    }
    self.configuration = configuration
    self.head = head
    self.layers = layers
    untiedEmbedding = embedding
  }

  /// The bytes of all weights held.
  public var weightByteCount: Int {
    var count = head.norm.count + head.weight.count + untiedEmbedding.count
    for layer in layers {
      count += layer.inputNorm.count + layer.postAttentionNorm.count
      for linear in layer.linears { count += linear.weight.count + (linear.bias?.count ?? 0) }
    }
    return count * MemoryLayout<Float>.size
  }

  /// Lets `body` change a linear layer's weight in place: out × in features, row-major.
  ///
  /// States computed before belong to the old weights; start a new ``GenerationState`` afterwards.
  ///
  /// - Parameter name: The tensor's Hugging Face name, `model.layers.0.mlp.up_proj.weight`.
  /// - Throws: `BSTKError` when the model has no linear layer of that name, and what `body` throws.
  public mutating func withLinearWeight<Result>(
    _ name: String, _ body: (inout MutableSpan<Float>) throws -> Result
  ) throws -> Result {
    for layer in layers.indices where name.hasPrefix("model.layers.\(layer).") {
      for index in layers[layer].linears.indices
      where layers[layer].linears[index].layer.weightName == name {
        var span = layers[layer].linears[index].weight.mutableSpan
        return try body(&span)
      }
    }
    throw BSTKError(.model, "the model has no linear layer with the weight \(name)")
  }

  /// Continues a text: runs `tokens` after those already in `state` and returns the logits of the
  /// last one, `vocabularySize` numbers.
  ///
  /// - Throws: `BSTKError` when `tokens` is empty or names a token outside the vocabulary.
  public func logits(after tokens: [TokenID], in state: inout GenerationState) throws -> [Float] {
    try Transformer.check([tokens], configuration: configuration)
    let width = configuration.hiddenSize
    var rows: [Float] = []
    rows.reserveCapacity(tokens.count * width)
    let table = configuration.tiesEmbeddings ? head.weight : untiedEmbedding
    for token in tokens {
      rows.append(contentsOf: table[Int(token) * width..<(Int(token) + 1) * width])
    }
    let segment = LayerRunner.Segment(
      rows: 0..<tokens.count, firstPosition: state.position,
      angles: configuration.rotaryEmbedding.angles(
        first: state.position, count: tokens.count, sequenceLength: state.position + tokens.count))
    for index in layers.indices {
      var span = rows.mutableSpan
      try state.runner.run(
        layers[index], rows: &span, segments: [segment], cache: &state.caches[index])
    }
    state.position += tokens.count
    return head.logits(rows.span.extracting(droppingFirst: (tokens.count - 1) * width))
  }
}
