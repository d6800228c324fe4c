public import BSTKInference
public import BSTKTokenizer

internal import BSTKNumerics

/// Gathers `CalibrationStatistics` of a model over a text.
///
/// All windows go forward through one layer after the other; then the gradients of some windows go
/// back through them, with what happens within a layer computed again from the states before it,
/// which wait on disk beside the output. Memory is one layer with its statistics, the states of
/// the windows, and what happens within a layer for a few of them, whatever the number of layers;
/// the head takes its weight and the logits of 256 tokens.
///
/// The file depends on the model, the text and the options alone, not on the number of threads.
public struct StatisticsGatherer {
  /// How a text is used.
  public struct Options: Hashable, Sendable {
    /// Windows taken for second moments, spread evenly over the text.
    public var windowCount = 256
    /// Tokens of a window.
    public var windowLength = Calibrator.Options().windowLength
    /// Windows of them that gradients are taken through, spread evenly. Nil takes
    /// ``defaultGradientWindowCount``, or all where tokens are weighed.
    public var gradientWindowCount: Int?
    /// Seed of the labels, which are drawn from the model's own distributions.
    public var seed: UInt64 = 0
    /// Whether each token counts in the second moments of a layer's input by its mean squared
    /// gradient over the outputs of the layers that share the input, relative to the mean over
    /// tokens (GuidedQuant with one group, arXiv 2505.07004). Only windows with gradients count
    /// then; in those of the head's input each token counts by its mean p (1 − p).
    public var weighsTokens = false
    /// Threads that work; nil leaves the number to the numeric library.
    public var threadCount: Int?

    /// The defaults.
    public init() {}
  }

  /// Windows that gradients are taken through unless asked otherwise.
  public static let defaultGradientWindowCount = 64

  private let transformer: Transformer
  private let options: Options

  /// Prepares to gather; reads no weights.
  public init(_ transformer: Transformer, options: Options = Options()) {
    self.transformer = transformer
    self.options = options
  }

  /// Gathers the statistics into a file.
  ///
  /// - Parameters:
  ///   - tokens: The text.
  ///   - path: Where they go; the file has its name only when it is complete.
  ///   - progress: Called often. Throwing cancels, and leaves nothing behind.
  /// - Throws: `MODEL` when the text is shorter than one window or the model's numbers are not
  ///   finite, `IO`, and what reading weights and `progress` throw.
  public func run(
    _ tokens: [TokenID], to path: String, progress: (WorkProgress) throws -> Void = { _ in }
  ) throws -> CalibrationStatistics {
    var text = Calibrator.Options()
    text.windowCount = options.windowCount
    text.windowLength = options.windowLength
    return try run(
      windows: Calibrator.windows(of: tokens, options: text), to: path, progress: progress)
  }

  /// As ``run(_:to:progress:)``, over windows of equal length, with the labels of every window
  /// given where `labels` is not nil.
  func run(
    windows: [[TokenID]], labels: [[TokenID]]? = nil, to path: String,
    progress: (WorkProgress) throws -> Void = { _ in }
  ) throws -> CalibrationStatistics {
    if let count = options.threadCount { BLAS.threadCount = count }
    let wanted =
      options.gradientWindowCount
      ?? (options.weighsTokens ? windows.count : Self.defaultGradientWindowCount)
    let gradientWindows = Calibrator.evenlySpread(
      min(max(wanted, 1), windows.count), of: windows.count)
    let summary = CalibrationStatistics.Summary(
      windowCount: windows.count, windowLength: windows.first?.count ?? 0,
      gradientWindowCount: gradientWindows.count, seed: options.seed,
      weighsTokens: options.weighsTokens)
    try BLAS.withSerialProducts {
      var run = try StatisticsRun(
        transformer, windows: windows, gradientWindows: gradientWindows, summary: summary,
        path: path)
      try run.goForward(progress)
      try run.crossHead(labels: labels, progress)
      try run.goBack(progress)
      try run.finish()
    }
    return try CalibrationStatistics(path: path, configuration: transformer.configuration)
  }
}
