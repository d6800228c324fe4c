public import BSTKTokenizer
internal import BSTKNumerics

/// The last norm and the projection to the vocabulary.
public struct OutputHead: Sendable {
  /// Rows whose logits are held at once, where not all are asked for.
  private static let tileRows = 256

  package let configuration: ModelConfiguration
  let norm: [Float]
  /// vocabulary × hidden size.
  var weight: [Float]

  /// The final norm of every token's state: what the transformers library calls the last hidden
  /// state. Tokens × hidden size.
  public func normalized(_ states: HiddenStates) -> [Float] { normalized(states.values.span) }

  /// Logits of every token, tokens × vocabulary.
  public func logits(_ states: HiddenStates) -> [Float] { logits(states.values.span) }

  /// For each text the sum of ln p(token | tokens before it) over its tokens but the first, in
  /// double precision.
  ///
  /// - Precondition: `windows` are the tokens `states` was computed from.
  public func logProbabilities(_ states: HiddenStates, windows: [[TokenID]]) -> [Double] {
    precondition(windows.map(\.count) == states.windowLengths)
    let width = configuration.hiddenSize
    let vocabulary = configuration.vocabularySize
    var firstRow = 0
    return windows.map { window in
      var sum = 0.0
      for start in stride(from: 0, to: window.count - 1, by: Self.tileRows) {
        let end = min(start + Self.tileRows, window.count - 1)
        let rows = (firstRow + start) * width..<(firstRow + end) * width
        let logits = logits(states.values.span.extracting(rows))
        for row in start..<end {
          let range = (row - start) * vocabulary..<(row - start + 1) * vocabulary
          sum += Kernels.logProbability(
            logits.span.extracting(range), of: Int(window[row + 1]))
        }
      }
      firstRow += window.count
      return sum
    }
  }

  package func logits(_ rows: Span<Float>) -> [Float] {
    let width = configuration.hiddenSize
    let vocabulary = configuration.vocabularySize
    let tokens = rows.count / width
    let states = normalized(rows)
    var out = [Float](repeating: 0, count: tokens * vocabulary)
    var span = out.mutableSpan
    if tokens == 1 {
      BLAS.gemv(
        rows: vocabulary, columns: width, a: weight.span, lda: width, x: states.span, y: &span)
    } else {
      BLAS.gemm(
        transposeB: true, m: tokens, n: vocabulary, k: width, a: states.span, lda: width,
        b: weight.span, ldb: width, c: &span, ldc: vocabulary)
    }
    return out
  }

  private func normalized(_ rows: Span<Float>) -> [Float] {
    var out = [Float](repeating: 0, count: rows.count)
    var span = out.mutableSpan
    Kernels.rmsNorm(rows, weight: norm.span, epsilon: configuration.normEpsilon, into: &span)
    return out
  }
}
