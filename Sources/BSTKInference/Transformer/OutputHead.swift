public import BSTKTokenizer
package import BSTKModelFiles
internal import BSTKNumerics

/// The last norm and the projection to the vocabulary.
public struct OutputHead: Sendable {
  /// Rows whose logits are held at once, where not all are asked for.
  private static let tileRows = 256

  package let configuration: ModelConfiguration
  let norm: [Float]
  /// Vocabulary × hidden size.
  package var weight: WeightMatrix

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
    let tokens = rows.count / configuration.hiddenSize
    let states = normalized(rows)
    var out = [Float](repeating: 0, count: tokens * configuration.vocabularySize)
    var span = out.mutableSpan
    weight.multiply(states.span, into: &span, precision: .exact)
    return out
  }

  /// Logits of one token's state, in buffers of the caller; the state may be rounded to 8 bits.
  func logits(
    _ state: Span<Float>, normed: inout MutableSpan<Float>, into logits: inout MutableSpan<Float>
  ) {
    Kernels.rmsNorm(state, weight: norm.span, epsilon: configuration.normEpsilon, into: &normed)
    weight.multiply(normed.span, into: &logits, precision: .rounded)
  }

  private func normalized(_ rows: Span<Float>) -> [Float] {
    var out = [Float](repeating: 0, count: rows.count)
    var span = out.mutableSpan
    Kernels.rmsNorm(rows, weight: norm.span, epsilon: configuration.normEpsilon, into: &span)
    return out
  }
}
