public import BSTKTokenizer
public import BSTKModelFiles
internal import BSTKFormat
internal import BSTKNumerics

/// A model whose weights all stay in memory, for generating text token by token.
///
/// Its matrices stay in the code they are stored in, an embedding that is the output head as well is
/// held once, and products come straight from the code, with inputs rounded to 8 bits. It cannot be
/// copied: there is one set of weights.
public struct ResidentModel: ~Copyable, Sendable {
  /// Elements of the widest intermediate value of a prompt's tokens that run together.
  private static let batchElements = 1 << 20

  /// The threads that calculations of this process use, at least 1. Results do not depend on them.
  public static var threadCount: Int {
    get { BLAS.threadCount }
    set { BLAS.threadCount = newValue }
  }

  /// The shape of the model.
  public let configuration: ModelConfiguration
  private var layers: [LayerWeights]
  private var head: OutputHead
  /// Nil where the output head is the embedding.
  private var untiedEmbedding: WeightMatrix?

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
      ? nil
      : try transformer.loadEmbedding()
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
    var floats = head.norm.count
    var bytes = head.weight.byteCount + (untiedEmbedding?.byteCount ?? 0)
    for layer in layers {
      floats += layer.inputNorm.count + layer.postAttentionNorm.count
      for linear in layer.linears {
        bytes += linear.weight.byteCount
        floats += linear.bias?.count ?? 0
      }
    }
    return bytes + floats * MemoryLayout<Float>.size
  }

  // MARK: Blocks

  /// A part of a matrix in code, if the matrix is.
  func part(_ part: Int, at place: MatrixPlace) -> PackedMatrix? {
    let matrix =
      switch place {
      case .embedding: untiedEmbedding ?? head.weight
      case .head: head.weight
      case .linear(let layer, let position): layers[layer].linears[position].weight
      }
    switch matrix.storage {
    case .packed(let parts): return parts[part]
    case .floats: return nil
    }
  }

  /// Lets `body` change the levels of a part of a matrix in place.
  ///
  /// - Precondition: the matrix is in code and has that part.
  mutating func updatePart<Failure: Error>(
    _ part: Int, at place: MatrixPlace, _ body: (inout PackedMatrix) throws(Failure) -> Void
  ) throws(Failure) {
    switch place {
    case .embedding where untiedEmbedding != nil:
      try untiedEmbedding?.updatePart(part, body)
    case .embedding, .head:
      try head.weight.updatePart(part, body)
    case .linear(let layer, let position):
      try layers[layer].linears[position].weight.updatePart(part, body)
    }
  }

  // MARK: Running

  /// Continues a text: runs `tokens` after those already in `state` and returns the logits of the
  /// last one, `vocabularySize` numbers.
  ///
  /// - Throws: `BSTKError` when `tokens` is empty or names a token outside the vocabulary.
  public func logits(after tokens: [TokenID], in state: inout GenerationState) throws -> [Float] {
    try run(tokens, in: &state)
    return state.logits
  }

  /// Continues a text; the logits of its last token are left in `state`.
  ///
  /// Many tokens run in batches, so that what they need besides the weights stays small.
  ///
  /// - Throws: `BSTKError` when `tokens` is empty or names a token outside the vocabulary.
  func run(_ tokens: [TokenID], in state: inout GenerationState) throws {
    try Transformer.check([tokens], configuration: configuration)
    state.makeRoom(for: tokens.count)
    let end = state.position + tokens.count
    let batch = max(16, min(256, Self.batchElements / configuration.intermediateSize))
    for start in stride(from: 0, to: tokens.count, by: batch) {
      let part = tokens[start..<min(start + batch, tokens.count)]
      // OpenBLAS' own threads would be in the way of those that share out the other work.
      try BLAS.withSerialProducts { try run(part, ofTextOf: end, in: &state) }
    }
    state.logits.resize(configuration.vocabularySize)
    state.normed.resize(configuration.hiddenSize)
    Self.predict(head, state.rows, &state.normed, &state.logits)
    if tokens.count > 1 { state.releaseBuffers() }
  }

  /// Runs some tokens of a text that will have `length` tokens.
  private func run(
    _ tokens: ArraySlice<TokenID>, ofTextOf length: Int, in state: inout GenerationState
  ) throws {
    state.rows.resize(tokens.count * configuration.hiddenSize)
    Transformer.lookUp(tokens, in: untiedEmbedding ?? head.weight, into: &state.rows)
    let segments = [
      LayerRunner.Segment(
        rows: 0..<tokens.count, firstPosition: state.position,
        angles: configuration.rotaryEmbedding.angles(
          first: state.position, count: tokens.count, sequenceLength: length))
    ]
    for index in layers.indices {
      try Self.apply(
        layers[index], segments, &state.runner, &state.rows, &state.caches[index])
    }
    state.position += tokens.count
  }

  // MARK: Steps on buffers, static so that the buffers are seen to differ

  private static func apply(
    _ layer: LayerWeights, _ segments: [LayerRunner.Segment], _ runner: inout LayerRunner,
    _ rows: inout [Float], _ cache: inout LayerCache
  ) throws {
    var span = rows.mutableSpan
    try runner.run(layer, rows: &span, segments: segments, cache: &cache)
  }

  private static func predict(
    _ head: OutputHead, _ rows: [Float], _ normed: inout [Float], _ logits: inout [Float]
  ) {
    let state = rows.span.extracting(droppingFirst: rows.count - normed.count)
    var normed = normed.mutableSpan
    var logits = logits.mutableSpan
    head.logits(state, normed: &normed, into: &logits)
  }
}
