internal import BSTKModelFiles
internal import BSTKNumerics
package import BSTKTokenizer

/// Some tokens' way through the final norm and the output head and back, with the cross-entropy
/// between.
///
/// Holds the logits of its tokens, tokens × vocabulary. Buffers live from call to call; as with
/// `LayerPass`, several can run at once.
package struct HeadPass: Sendable {
  /// Where labels come from.
  package enum Labels: Sendable {
    /// Drawn from the model's own distribution with a uniform number in 0 ..< 1 for each token.
    case drawn([Double])
    /// As given, one for each token.
    case given([TokenID])
  }

  /// Hidden states behind the last layer, tokens × hidden size.
  package var states: [Float] = []
  /// The final norm's output.
  package private(set) var normed: [Float] = []
  /// The gradient by ``states`` of the cross-entropy, summed over tokens.
  package private(set) var gradient: [Float] = []
  /// The sum of p (1 − p) over all tokens of all calls, for each token of the vocabulary.
  package private(set) var variances: [Double]
  /// For each token of the last call the sum of p (1 − p) over the vocabulary: what the squared
  /// gradient by its logits comes to on average over labels drawn from the model.
  package private(set) var tokenVariances: [Double] = []

  private var logits: [Float] = []
  private var normedGradient: [Float] = []

  /// Makes a pass that has seen no tokens.
  package init(configuration: ModelConfiguration) {
    variances = [Double](repeating: 0, count: configuration.vocabularySize)
  }

  /// Computes the distributions of the tokens behind ``states``.
  package mutating func forward(_ head: OutputHead) {
    let vocabulary = variances.count
    Self.normalize(states, head, &normed)
    Self.multiply(normed, head, &logits)
    tokenVariances = []
    for start in stride(from: 0, to: logits.count, by: vocabulary) {
      Self.softmax(&logits, start..<start + vocabulary)
      tokenVariances.append(
        Self.addVariances(logits, start..<start + vocabulary, to: &variances))
    }
  }

  /// Computes ``gradient``.
  ///
  /// - Precondition: ``forward(_:)`` ran before, and there is a label for each token.
  package mutating func backward(_ head: OutputHead, labels: Labels) {
    let vocabulary = variances.count
    let width = head.configuration.hiddenSize
    let tokens = states.count / width
    for token in 0..<tokens {
      let row = token * vocabulary..<(token + 1) * vocabulary
      let label =
        switch labels {
        case .drawn(let numbers): Kernels.draw(numbers[token], from: logits.span.extracting(row))
        case .given(let labels): Int(labels[token])
        }
      logits[row.lowerBound + label] -= 1
    }
    normedGradient.resize(states.count)
    LayerPass.multiply(
      m: tokens, n: width, k: vocabulary, logits, at: 0, head.weight.floats(), at: 0,
      into: &normedGradient)
    gradient = [Float](repeating: 0, count: states.count)
    Self.normalizeBackward(states, head, normedGradient, &gradient)
  }

  /// Multiplies each token's row of ``normed`` by a number.
  package mutating func scaleNormed(by factors: [Float]) {
    Kernels.scaleRows(&normed, by: factors)
  }

  // MARK: Steps on buffers

  private static func normalize(_ x: [Float], _ head: OutputHead, _ out: inout [Float]) {
    out.resize(x.count)
    var span = out.mutableSpan
    Kernels.rmsNorm(
      x.span, weight: head.norm.span, epsilon: head.configuration.normEpsilon, into: &span)
  }

  private static func multiply(_ x: [Float], _ head: OutputHead, _ out: inout [Float]) {
    out.resize(x.count / head.weight.columns * head.weight.rows)
    var span = out.mutableSpan
    head.weight.multiply(x.span, into: &span, precision: .exact)
  }

  private static func softmax(_ logits: inout [Float], _ row: Range<Int>) {
    var all = logits.mutableSpan
    var span = all._mutatingExtracting(row)
    Kernels.softmax(&span)
  }

  private static func addVariances(
    _ p: [Float], _ row: Range<Int>, to sums: inout [Double]
  ) -> Double {
    Kernels.addVariances(p.span.extracting(row), to: &sums)
  }

  private static func normalizeBackward(
    _ x: [Float], _ head: OutputHead, _ outGradient: [Float], _ gradient: inout [Float]
  ) {
    var span = gradient.mutableSpan
    Kernels.rmsNormBackward(
      x.span, weight: head.norm.span, epsilon: head.configuration.normEpsilon,
      outGradient: outGradient.span, addingTo: &span)
  }
}
