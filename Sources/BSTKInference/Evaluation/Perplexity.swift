public import BSTKTokenizer

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Perplexity of a model on a text.
///
/// The text is cut into windows of equal length, each read on its own; the first token of a window
/// is not predicted and what remains after the last whole window is dropped.
public struct Perplexity: Hashable, Sendable {
  /// exp of the mean negative log-likelihood of a predicted token; not finite where the model's
  /// numbers are not.
  public let value: Double
  /// The mean negative log-likelihood of a predicted token, in nats.
  public let meanLoss: Double
  /// Windows read.
  public let windowCount: Int
  /// Tokens predicted.
  public let predictedTokenCount: Int

  init(meanLoss: Double, windowCount: Int, predictedTokenCount: Int) {
    value = exp(meanLoss)
    self.meanLoss = meanLoss
    self.windowCount = windowCount
    self.predictedTokenCount = predictedTokenCount
  }

  /// Measures a model's perplexity on a text.
  ///
  /// Logits are fp32, the log-softmax and its mean are summed in double precision. Blocks the
  /// calling thread.
  ///
  /// - Parameters:
  ///   - tokens: The text.
  ///   - transformer: The model; its weights are loaded layer by layer.
  ///   - protocol: How the text is cut up.
  ///   - progress: Called after each decoder layer of each batch, a step being one window in one
  ///     layer. Throwing cancels the measurement.
  /// - Throws: `BSTKError` when the text is too short or the weights cannot be read, and what
  ///   `progress` throws.
  public static func measure(
    _ tokens: [TokenID], with transformer: Transformer,
    protocol: EvaluationProtocol = EvaluationProtocol(),
    progress: (WorkProgress) throws -> Void = { _ in }
  ) throws -> Perplexity {
    let windows = try `protocol`.windows(of: tokens)
    let configuration = transformer.configuration
    let windowBytes =
      `protocol`.windowLength * configuration.hiddenSize * MemoryLayout<Float>.size
    let batch = max(1, `protocol`.batchByteCount / windowBytes)
    let total = windows.count * (configuration.layerCount + 1)
    var completed = 0
    var sum = 0.0
    for start in stride(from: 0, to: windows.count, by: batch) {
      let part = Array(windows[start..<min(start + batch, windows.count)])
      func report() throws {
        completed += part.count
        try progress(WorkProgress(completed: completed, total: total))
      }
      var states = try transformer.embed(part)
      for index in 0..<configuration.layerCount {
        try transformer.apply(transformer.loadLayer(index), to: &states)
        try report()
      }
      for window in try transformer.loadHead().logProbabilities(states, windows: part) {
        sum += window
      }
      try report()
    }
    let predicted = windows.count * (`protocol`.windowLength - 1)
    let loss = -sum / Double(predicted)
    return Perplexity(
      meanLoss: loss, windowCount: windows.count, predictedTokenCount: predicted)
  }
}
