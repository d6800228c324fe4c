internal import BSTKModelFiles

extension LayerPass {
  /// Turns ``gradient`` from that by ``output`` into that by ``input``, and leaves the squares of
  /// the gradients by every linear layer's output.
  ///
  /// - Precondition: ``forward(_:angles:)`` ran with the same layer and angles, and ``gradient``
  ///   has as many elements as ``output``.
  package mutating func backward(_ layer: LayerWeights, angles: RotaryAngles) {
    precondition(gradient.count == output.count && gradient.count == input.count)
    let epsilon = configuration.normEpsilon
    outputSquares = layer.linears.map { [Double](repeating: 0, count: $0.layer.outFeatures) }
    tokenSquares = layer.linears.map { _ in [Double](repeating: 0, count: tokens) }

    note(.down, gradient)
    Self.propagate(gradient, through: layer[.down], into: &activatedGradient)
    Self.activateBackward(&gate, &up, activatedGradient)
    note(.gate, gate)
    note(.up, up)
    Self.propagate(gate, through: layer[.gate], into: &hiddenGradient)
    Self.propagate(up, through: layer[.up], into: &hiddenGradient, adding: true)
    Self.normalizeBackward(middle, layer.postAttentionNorm, epsilon, hiddenGradient, &gradient)

    note(.attentionOutput, gradient)
    Self.propagate(gradient, through: layer[.attentionOutput], into: &rows)
    attendBackward(rows, window: window(of: layer), angles: angles)
    note(.query, queryGradient)
    note(.key, keyGradient)
    note(.value, valueGradient)
    Self.propagate(queryGradient, through: layer[.query], into: &hiddenGradient)
    Self.propagate(keyGradient, through: layer[.key], into: &hiddenGradient, adding: true)
    Self.propagate(valueGradient, through: layer[.value], into: &hiddenGradient, adding: true)
    Self.normalizeBackward(input, layer.inputNorm, epsilon, hiddenGradient, &gradient)
  }

  /// From the gradient by ``attended`` to those by the outputs of query, key and value.
  private mutating func attendBackward(
    _ attendedGradient: [Float], window: Int?, angles: RotaryAngles
  ) {
    let (tokens, width) = (tokens, configuration.headDimension)
    let (heads, keyValueHeads) = (configuration.headCount, configuration.keyValueHeadCount)
    Self.split(attendedGradient, heads: heads, width: width, nil, into: &attendedHeads)
    var queries = [Float](repeating: 0, count: heads * headStride)
    var keys = [Float](repeating: 0, count: keyValueHeads * headStride)
    var values = [Float](repeating: 0, count: keyValueHeads * headStride)
    scoreGradient.resize(tokens * tokens)
    for head in 0..<heads {
      let (query, other) = (head * headStride, keyValueOffset(of: head))
      weigh(head, window: window)
      Self.multiply(
        m: tokens, n: tokens, k: width, attendedHeads, at: query, valueHeads, at: other,
        transposeB: true, into: &scoreGradient)
      Self.multiply(
        m: tokens, n: width, k: tokens, scores, at: 0, transposeA: true, attendedHeads, at: query,
        adding: true, into: &values, at: other)
      Self.softmaxBackward(scores, tokens: tokens, scale: scoreScale, &scoreGradient)
      Self.multiply(
        m: tokens, n: width, k: tokens, scoreGradient, at: 0, keyHeads, at: other, into: &queries,
        at: query)
      Self.multiply(
        m: tokens, n: width, k: tokens, scoreGradient, at: 0, transposeA: true, queryHeads,
        at: query, adding: true, into: &keys, at: other)
    }
    Self.rotateBack(queries, heads: heads, tokens: tokens, angles, into: &queryGradient)
    Self.rotateBack(keys, heads: keyValueHeads, tokens: tokens, angles, into: &keyGradient)
    valueGradient.resize(values.count)
    for head in 0..<keyValueHeads {
      Self.merge(
        values, at: head * headStride, tokens: tokens, head: head, heads: keyValueHeads, width,
        into: &valueGradient)
    }
  }

  /// Adds up the squares of the gradient by a linear layer's output, tokens × out features.
  private mutating func note(_ role: LinearLayer.Role, _ gradient: [Float]) {
    let number = role.position
    let width = outputSquares[number].count
    for token in 0..<tokens {
      let row = gradient.span.extracting(token * width..<(token + 1) * width)
      Kernels.addSquares(row, to: &outputSquares[number])
      tokenSquares[number][token] = Kernels.sumOfSquares(row)
    }
  }

  // MARK: Steps on buffers

  /// From the gradient by a linear layer's output to that by its input.
  private static func propagate(
    _ gradient: [Float], through linear: LayerWeights.Linear, into out: inout [Float],
    adding: Bool = false
  ) {
    let tokens = gradient.count / linear.layer.outFeatures
    out.resize(tokens * linear.layer.inFeatures)
    multiply(
      m: tokens, n: linear.layer.inFeatures, k: linear.layer.outFeatures, gradient, at: 0,
      linear.weight.floats(), at: 0, adding: adding, into: &out)
  }

  private static func activateBackward(
    _ gate: inout [Float], _ up: inout [Float], _ gradient: [Float]
  ) {
    var gateSpan = gate.mutableSpan
    var upSpan = up.mutableSpan
    Kernels.siluMultiplyBackward(&gateSpan, &upSpan, outGradient: gradient.span)
  }

  private static func normalizeBackward(
    _ x: [Float], _ weight: [Float], _ epsilon: Float, _ outGradient: [Float],
    _ gradient: inout [Float]
  ) {
    var span = gradient.mutableSpan
    Kernels.rmsNormBackward(
      x.span, weight: weight.span, epsilon: epsilon, outGradient: outGradient.span,
      addingTo: &span)
  }

  private static func softmaxBackward(
    _ p: [Float], tokens: Int, scale: Float, _ gradient: inout [Float]
  ) {
    var span = gradient.mutableSpan
    Kernels.softmaxBackward(p.span, columns: tokens, scale: scale, gradient: &span)
  }

  private static func rotateBack(
    _ gradient: [Float], heads: Int, tokens: Int, _ angles: RotaryAngles, into out: inout [Float]
  ) {
    out.resize(gradient.count)
    var span = out.mutableSpan
    Kernels.mergeHeadsBackward(
      gradient.span, heads: heads, tokens: tokens, angles: angles, into: &span)
  }
}
