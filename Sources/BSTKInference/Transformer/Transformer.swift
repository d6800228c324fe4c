public import BSTKTokenizer
public import BSTKModelFiles
internal import BSTKNumerics
internal import BSTKFormat

/// Sees the input of linear layers while a forward pass runs: the layers that share this input,
/// and the input itself, tokens × in features.
///
/// Called once for each tile of tokens, in the same order every time. Throwing stops the pass.
public typealias LinearObserver = (_ layers: [LinearLayer], _ input: Span<Float>) throws -> Void

/// A forward pass that holds one decoder layer at a time.
///
/// All texts go through a layer before the next one is loaded, so memory is one layer, the hidden
/// states of the texts, and the intermediate values of a tile of tokens, whatever the model's
/// size. The caller drives the layers:
///
/// ```swift
/// var states = try transformer.embed(windows)
/// for index in 0..<transformer.configuration.layerCount {
///   try transformer.apply(transformer.loadLayer(index), to: &states)
/// }
/// let logits = try transformer.loadHead().logits(states)
/// ```
///
/// Arithmetic is fp32. Work blocks the calling thread; it does not belong on the cooperative pool.
public struct Transformer: Sendable {
  /// The shape of the model.
  public let configuration: ModelConfiguration
  let weights: any WeightSource

  /// Prepares a pass; reads no weights.
  ///
  /// - Throws: `BSTKError` when the source lacks a tensor or one has another shape than the
  ///   configuration says; `NUMERICS` where OpenBLAS is not installed.
  public init(configuration: ModelConfiguration, weights: any WeightSource) throws {
    try LinearAlgebra.load()
    self.configuration = configuration
    self.weights = weights
    try checkShapes()
  }

  /// The embedding's rows for the tokens of each text.
  ///
  /// - Throws: `BSTKError` when a token is not in the vocabulary or a text is empty.
  public func embed(_ windows: [[TokenID]]) throws -> HiddenStates {
    try embed(windows, with: loadEmbedding())
  }

  /// The embedding.
  func loadEmbedding() throws -> WeightMatrix {
    try weights.matrix(Self.embeddingName, shape: embeddingShape, .stored)
  }

  /// As ``embed(_:)``, by an embedding that has been loaded.
  func embed(_ windows: [[TokenID]], with embedding: WeightMatrix) throws -> HiddenStates {
    try Self.check(windows, configuration: configuration)
    let width = configuration.hiddenSize
    let count = windows.reduce(0) { $0 + $1.count }
    var values = [Float](repeating: 0, count: count * width)
    Self.lookUp(windows.joined(), in: embedding, into: &values)
    return HiddenStates(width: width, windowLengths: windows.map(\.count), values: values)
  }

  /// Writes the embedding's rows for some tokens one after the other.
  static func lookUp(
    _ tokens: some Sequence<TokenID>, in embedding: WeightMatrix, into rows: inout [Float]
  ) {
    let width = embedding.columns
    var all = rows.mutableSpan
    for (index, token) in tokens.enumerated() {
      var row = all._mutatingExtracting(index * width..<(index + 1) * width)
      embedding.row(Int(token), into: &row)
    }
  }

  /// The weights of one decoder layer.
  ///
  /// - Parameter form: How its matrices are held.
  public func loadLayer(_ index: Int, as form: WeightForm = .stored) throws -> LayerWeights {
    precondition(index >= 0 && index < configuration.layerCount)
    let linears = try LinearLayer.Role.allCases.map { role in
      let layer = configuration.linearLayer(role, inLayer: index)
      return LayerWeights.Linear(
        layer: layer,
        weight: try weights.matrix(
          layer.weightName, shape: [layer.outFeatures, layer.inFeatures], form),
        bias: layer.hasBias ? try weights.floats(layer.biasName, shape: [layer.outFeatures]) : nil)
    }
    let names = Self.normNames(ofLayer: index)
    return LayerWeights(
      index: index, linears: linears,
      inputNorm: try weights.floats(names.input, shape: [configuration.hiddenSize]),
      postAttentionNorm: try weights.floats(
        names.postAttention, shape: [configuration.hiddenSize]))
  }

  /// Runs one layer over all texts, in place.
  ///
  /// - Parameters:
  ///   - layer: What ``loadLayer(_:)`` gave, its linear weights possibly changed since.
  ///   - states: The hidden states before the layer, and after it on return.
  ///   - tileTokens: Whole texts are taken together up to this many tokens.
  ///   - observer: Sees the input of each linear layer.
  public func apply(
    _ layer: LayerWeights, to states: inout HiddenStates, tileTokens: Int = 2048,
    observer: LinearObserver? = nil
  ) throws {
    var runner = LayerRunner(configuration: configuration, precision: .exact)
    var cache = LayerCache(configuration: configuration)
    var anglesByLength: [Int: RotaryAngles] = [:]
    let width = states.width
    var window = 0
    var firstRow = 0
    while window < states.windowLengths.count {
      var segments: [LayerRunner.Segment] = []
      var rows = 0
      repeat {
        let length = states.windowLengths[window]
        let angles =
          anglesByLength[length]
          ?? configuration.rotaryEmbedding.angles(first: 0, count: length, sequenceLength: length)
        anglesByLength[length] = angles
        segments.append(.init(rows: rows..<rows + length, firstPosition: 0, angles: angles))
        rows += length
        window += 1
      } while window < states.windowLengths.count
        && rows + states.windowLengths[window] <= tileTokens
      var all = states.values.mutableSpan
      var tile = all._mutatingExtracting(firstRow * width..<(firstRow + rows) * width)
      try runner.run(layer, rows: &tile, segments: segments, cache: &cache, observer: observer)
      firstRow += rows
    }
  }

  /// The final norm and the output head.
  ///
  /// - Parameter form: How its matrix is held.
  public func loadHead(as form: WeightForm = .stored) throws -> OutputHead {
    OutputHead(
      configuration: configuration,
      norm: try weights.floats(Self.normName, shape: [configuration.hiddenSize]),
      weight: try weights.matrix(headName, shape: embeddingShape, form))
  }
}
