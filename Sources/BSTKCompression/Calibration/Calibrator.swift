public import BSTKInference
public import BSTKTokenizer

internal import BSTKNumerics

/// Runs a calibration text through a model and gathers the norms of every linear layer's input.
///
/// Every layer sees the activations of the uncompressed model, as in the BitStack reference code:
/// scaling is an exact reparametrization, so no error propagates.
public struct Calibrator {
  /// How a text is used.
  public struct Options: Hashable, Sendable {
    /// Windows taken, spread evenly over the text.
    public var windowCount = 128
    /// Tokens of a window.
    public var windowLength = 256

    /// The defaults.
    public init() {}
  }

  private let transformer: Transformer
  private let options: Options

  /// Prepares a calibration; reads no weights.
  public init(_ transformer: Transformer, options: Options = Options()) {
    self.transformer = transformer
    self.options = options
  }

  /// The windows of a text that are used: as many as asked for, spread evenly, the same every time.
  ///
  /// - Throws: `MODEL` when the text is shorter than one window.
  public static func windows(of tokens: [TokenID], options: Options) throws -> [[TokenID]] {
    let all = try EvaluationProtocol(windowLength: options.windowLength).windows(of: tokens)
    return evenlySpread(min(all.count, max(options.windowCount, 1)), of: all.count).map { all[$0] }
  }

  /// That many numbers below `total`, spread evenly.
  static func evenlySpread(_ count: Int, of total: Int) -> [Int] {
    (0..<count).map { $0 * total / count }
  }

  /// Gathers the statistics.
  ///
  /// - Parameter progress: Called often. Throwing cancels the calibration.
  /// - Throws: what ``windows(of:options:)``, reading weights and `progress` throw.
  public func run(
    _ tokens: [TokenID], progress: (WorkProgress) throws -> Void = { _ in }
  ) throws -> InputStatistics {
    let windows = try Self.windows(of: tokens, options: options)
    return try BLAS.withSerialProducts {
      var sweep = try WindowSweep(windows, transformer: transformer)
      var norms = NormSums(configuration: transformer.configuration, windowCount: windows.count)
      var meter = WorkMeter(total: transformer.configuration.layerCount * windows.count)
      for index in 0..<transformer.configuration.layerCount {
        try sweep.forward(transformer.loadLayer(index, as: .floats)) { group, passes in
          norms.add(passes, layer: index)
          try progress(meter.advance(by: group.count))
        }
      }
      return InputStatistics(
        channelNorms: norms.byLinearLayer, windowCount: windows.count,
        windowLength: options.windowLength)
    }
  }
}
