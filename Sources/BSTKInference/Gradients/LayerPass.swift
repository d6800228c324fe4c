internal import BSTKNumerics

/// One text's way through a decoder layer and back: the forward pass keeps what the backward pass
/// needs, for one text and one layer at a time.
///
/// Buffers live from call to call. Products run on the calling thread when OpenBLAS is held to one
/// (`BLAS.withSerialProducts`), so that several passes can run at once.
package struct LayerPass: Sendable {
  let configuration: ModelConfiguration

  /// Hidden states before the layer, tokens × hidden size.
  package var input: [Float] = []
  /// Hidden states behind it.
  package var output: [Float] = []

  // MARK: What the linear layers multiply, tokens × in features

  /// The input of query, key and value.
  package var normedInput: [Float] = []
  /// The input of the attention's output projection.
  package var attended: [Float] = []
  /// The input of gate and up.
  package var normedMiddle: [Float] = []
  /// The input of down.
  package var activated: [Float] = []

  // MARK: Kept for the way back

  var queryHeads: [Float] = []
  var keyHeads: [Float] = []
  var valueHeads: [Float] = []
  /// Hidden states between attention and feed-forward part.
  var middle: [Float] = []
  /// As computed; the gradients by them after the way back.
  var gate: [Float] = []
  var up: [Float] = []

  // MARK: Gradients

  /// The gradient of the loss by ``output``, then by ``input``, tokens × hidden size.
  package var gradient: [Float] = []
  /// For each linear layer, in the order of roles, the sum over tokens of the squared gradient by
  /// each output feature.
  package var outputSquares: [[Double]] = []
  /// For each linear layer, in the order of roles, the sum over output features of the squared
  /// gradient of each token.
  package var tokenSquares: [[Double]] = []

  // MARK: Scratch

  var rows: [Float] = []
  var scores: [Float] = []
  var scoreGradient: [Float] = []
  var weighted: [Float] = []
  var hiddenGradient: [Float] = []
  var activatedGradient: [Float] = []
  var attendedHeads: [Float] = []
  var queryGradient: [Float] = []
  var keyGradient: [Float] = []
  var valueGradient: [Float] = []

  /// Makes a pass without a text.
  package init(configuration: ModelConfiguration) { self.configuration = configuration }

  /// Tokens of the text.
  package var tokens: Int { input.count / configuration.hiddenSize }

  /// Applies a layer to ``input``.
  ///
  /// - Parameter angles: Rotations of the text's positions.
  package mutating func forward(_ layer: LayerWeights, angles: RotaryAngles) {
    let tokens = tokens
    let epsilon = configuration.normEpsilon
    let (heads, keyValueHeads) = (configuration.headCount, configuration.keyValueHeadCount)
    let width = configuration.headDimension
    Self.normalize(input, layer.inputNorm, epsilon, &normedInput)
    Self.apply(layer[.query], normedInput, &rows)
    Self.split(rows, heads: heads, width: width, angles, into: &queryHeads)
    Self.apply(layer[.key], normedInput, &rows)
    Self.split(rows, heads: keyValueHeads, width: width, angles, into: &keyHeads)
    Self.apply(layer[.value], normedInput, &rows)
    Self.split(rows, heads: keyValueHeads, width: width, nil, into: &valueHeads)
    attended.resize(tokens * heads * width)
    for head in 0..<heads { attend(head, window: window(of: layer)) }
    Self.apply(layer[.attentionOutput], attended, &middle)
    Self.add(input, to: &middle)

    Self.normalize(middle, layer.postAttentionNorm, epsilon, &normedMiddle)
    Self.apply(layer[.gate], normedMiddle, &gate)
    Self.apply(layer[.up], normedMiddle, &up)
    activated = gate
    Self.activate(&activated, up)
    Self.apply(layer[.down], activated, &output)
    Self.add(middle, to: &output)
  }

  func window(of layer: LayerWeights) -> Int? { configuration.slidingWindows[layer.index] }

  // MARK: Attention

  /// Where the keys and values of a query head begin.
  func keyValueOffset(of head: Int) -> Int {
    head / (configuration.headCount / configuration.keyValueHeadCount) * headStride
  }

  /// Elements of one head of the text.
  var headStride: Int { tokens * configuration.headDimension }

  var scoreScale: Float { 1 / Float(configuration.headDimension).squareRoot() }

  /// Leaves the probabilities of one head in `scores`, tokens × tokens.
  mutating func weigh(_ head: Int, window: Int?) {
    let tokens = tokens
    scores.resize(tokens * tokens)
    Self.multiply(
      m: tokens, n: tokens, k: configuration.headDimension, queryHeads, at: head * headStride,
      keyHeads, at: keyValueOffset(of: head), transposeB: true, into: &scores)
    Self.softmax(&scores, tokens: tokens, window: window, scale: scoreScale)
  }

  private mutating func attend(_ head: Int, window: Int?) {
    let width = configuration.headDimension
    weigh(head, window: window)
    weighted.resize(headStride)
    Self.multiply(
      m: tokens, n: width, k: tokens, scores, at: 0, valueHeads, at: keyValueOffset(of: head),
      into: &weighted)
    Self.merge(
      weighted, at: 0, tokens: tokens, head: head, heads: configuration.headCount, width,
      into: &attended)
  }

  // MARK: Steps on buffers, static so that the buffers are seen to differ

  private static func normalize(
    _ x: [Float], _ weight: [Float], _ epsilon: Float, _ out: inout [Float]
  ) {
    out.resize(x.count)
    var span = out.mutableSpan
    Kernels.rmsNorm(x.span, weight: weight.span, epsilon: epsilon, into: &span)
  }

  private static func apply(_ linear: LayerWeights.Linear, _ x: [Float], _ out: inout [Float]) {
    out.resize(x.count / linear.layer.inFeatures * linear.layer.outFeatures)
    var span = out.mutableSpan
    linear.apply(x.span, into: &span)
  }

  private static func activate(_ gate: inout [Float], _ up: [Float]) {
    var span = gate.mutableSpan
    Kernels.siluMultiply(&span, up.span)
  }

  static func add(_ x: [Float], to sum: inout [Float]) {
    var span = sum.mutableSpan
    Kernels.add(x.span, to: &span)
  }

  static func split(
    _ source: [Float], heads: Int, width: Int, _ angles: RotaryAngles?, into out: inout [Float]
  ) {
    out.resize(source.count)
    var span = out.mutableSpan
    Kernels.splitHeads(
      source.span, heads: heads, width: width, angles: angles, into: &span,
      outStride: source.count / heads)
  }

  static func merge(
    _ source: [Float], at offset: Int, tokens: Int, head: Int, heads: Int, _ width: Int,
    into out: inout [Float]
  ) {
    var span = out.mutableSpan
    Kernels.mergeHead(
      source.span.extracting(offset..<offset + tokens * width), head: head, width: width,
      into: &span, outStride: heads * width)
  }

  private static func softmax(
    _ scores: inout [Float], tokens: Int, window: Int?, scale: Float
  ) {
    var span = scores.mutableSpan
    Kernels.maskedSoftmax(
      &span, rows: tokens, columns: tokens, firstQuery: 0, firstKey: 0, window: window,
      scale: scale)
  }

  /// out ← op(a) · op(b), or added to it; all compact from their offsets on.
  static func multiply(
    m: Int, n: Int, k: Int, _ a: [Float], at aOffset: Int, transposeA: Bool = false, _ b: [Float],
    at bOffset: Int, transposeB: Bool = false, adding: Bool = false, into out: inout [Float],
    at outOffset: Int = 0
  ) {
    var all = out.mutableSpan
    var products = all._mutatingExtracting(droppingFirst: outOffset)
    BLAS.gemm(
      transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
      a: a.span.extracting(droppingFirst: aOffset), lda: transposeA ? m : k,
      b: b.span.extracting(droppingFirst: bOffset), ldb: transposeB ? k : n,
      beta: adding ? 1 : 0, c: &products, ldc: n)
  }
}
