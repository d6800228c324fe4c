internal import BSTKNumerics

/// Runs decoder layers over rows of hidden states, with buffers that live from call to call.
struct LayerRunner {
  /// Rows that belong to one text.
  struct Segment {
    /// Where the text's rows stand among those given.
    let rows: Range<Int>
    /// The position of the first of them in its text.
    let firstPosition: Int
    /// Rotations for these rows.
    let angles: RotaryAngles
  }

  let configuration: ModelConfiguration
  /// What may be done to the inputs of products with weights in code.
  let precision: ProductPrecision
  private var normed: [Float] = []
  private var query: [Float] = []
  private var key: [Float] = []
  private var value: [Float] = []
  private var attended: [Float] = []
  private var gate: [Float] = []
  private var up: [Float] = []
  private var attention: Attention

  init(configuration: ModelConfiguration, precision: ProductPrecision) {
    self.configuration = configuration
    self.precision = precision
    attention = Attention(configuration: configuration)
  }

  /// Applies one layer to `rows`, tokens × hidden size, in place.
  ///
  /// Keys and values of every segment pass through `cache`, starting at the segment's first
  /// position; a segment at position 0 starts a new text there.
  mutating func run(
    _ layer: LayerWeights, rows: inout MutableSpan<Float>, segments: [Segment],
    cache: inout LayerCache, observer: LinearObserver? = nil
  ) throws {
    let hidden = configuration.hiddenSize
    let tokens = rows.count / hidden
    let heads = configuration.headCount * configuration.headDimension
    let keyValueHeads = configuration.keyValueHeadCount * configuration.headDimension
    normed.resize(tokens * hidden)
    query.resize(tokens * heads)
    key.resize(tokens * keyValueHeads)
    value.resize(tokens * keyValueHeads)
    attended.resize(tokens * heads)
    gate.resize(tokens * configuration.intermediateSize)
    up.resize(tokens * configuration.intermediateSize)

    Self.normalize(rows.span, layer.inputNorm, configuration.normEpsilon, &normed)
    try observer?(
      [layer[.query].layer, layer[.key].layer, layer[.value].layer], normed.span)
    Self.apply(layer[.query], normed, &query, precision)
    Self.apply(layer[.key], normed, &key, precision)
    Self.apply(layer[.value], normed, &value, precision)
    for segment in segments {
      attention.run(
        query: query, key: key, value: value, segment: segment,
        window: configuration.slidingWindows[layer.index], cache: &cache, into: &attended)
    }
    try observer?([layer[.attentionOutput].layer], attended.span)
    Self.apply(layer[.attentionOutput], attended, &normed, precision)
    Kernels.add(normed.span, to: &rows)

    Self.normalize(rows.span, layer.postAttentionNorm, configuration.normEpsilon, &normed)
    try observer?([layer[.gate].layer, layer[.up].layer], normed.span)
    Self.apply(layer[.gate], normed, &gate, precision)
    Self.apply(layer[.up], normed, &up, precision)
    Self.activate(&gate, up)
    try observer?([layer[.down].layer], gate.span)
    Self.apply(layer[.down], gate, &normed, precision)
    Kernels.add(normed.span, to: &rows)
  }

  /// Gives back the memory of the buffers.
  mutating func releaseBuffers() {
    self = LayerRunner(configuration: configuration, precision: precision)
  }

  private static func normalize(
    _ rows: Span<Float>, _ weight: [Float], _ epsilon: Float, _ out: inout [Float]
  ) {
    var out = out.mutableSpan
    Kernels.rmsNorm(rows, weight: weight.span, epsilon: epsilon, into: &out)
  }

  private static func activate(_ gate: inout [Float], _ up: [Float]) {
    let (count, part) = (gate.count, 1 << 14)
    unsafe gate.withUnsafeMutableBufferPointer { gate in
      // SAFETY: every part is one thread's to write.
      nonisolated(unsafe) let gate = unsafe gate
      Crew.shared.forEach((count + part - 1) / part) { index in
        let range = index * part..<min((index + 1) * part, count)
        var span = unsafe MutableSpan(_unsafeElements: .init(rebasing: gate[range]))
        Kernels.siluMultiply(&span, up.span.extracting(range))
      }
    }
  }

  private static func apply(
    _ linear: LayerWeights.Linear, _ x: [Float], _ out: inout [Float],
    _ precision: ProductPrecision
  ) {
    var out = out.mutableSpan
    linear.apply(x.span, into: &out, precision: precision)
  }
}

extension [Float] {
  /// Gives a scratch buffer exactly that many elements, their values of no meaning.
  package mutating func resize(_ newCount: Int) {
    if newCount < count {
      removeLast(count - newCount)
    } else if newCount <= capacity {
      // From an array, whose bytes are copied at once even in debug builds.
      append(contentsOf: [Float](repeating: 0, count: newCount - count))
    } else {
      self = []
      self = [Float](repeating: 0, count: newCount)
    }
  }
}
