public import BSTKInference
public import BSTKTokenizer
internal import BSTKFormat
internal import BSTKNumerics

/// Runs a calibration text through a model and gathers the statistics of every linear layer's
/// input.
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
    /// Whether second moments are gathered too, for which each layer takes in × in features.
    public var gathersSecondMoments = false

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
    let count = min(all.count, max(options.windowCount, 1))
    return (0..<count).map { all[$0 * all.count / count] }
  }

  /// Gathers the statistics.
  ///
  /// - Parameter progress: Called after each tile of a layer's input. Throwing cancels the
  ///   calibration.
  /// - Throws: what ``windows(of:options:)``, reading weights and `progress` throw.
  public func run(
    _ tokens: [TokenID], progress: (WorkProgress) throws -> Void = { _ in }
  ) throws -> InputStatistics {
    let windows = try Self.windows(of: tokens, options: options)
    var states = try transformer.embed(windows)
    var layers: [String: InputStatistics.Layer] = [:]
    let layerCount = transformer.configuration.layerCount
    // Four inputs in each layer: of q, k and v, of o, of gate and up, of down.
    var meter = WorkMeter(total: 4 * layerCount * states.tokenCount)
    try withoutActuallyEscaping(progress) { progress in
      for index in 0..<layerCount {
        var sums: [String: InputSum] = [:]
        var sharers: [String: [LinearLayer]] = [:]
        try transformer.apply(transformer.loadLayer(index), to: &states) { linears, input in
          guard let first = linears.first else { return }
          sharers[first.name] = linears
          sums[
            first.name,
            default: InputSum(
              width: first.inFeatures, windowLength: options.windowLength,
              gathersSecondMoments: options.gathersSecondMoments)
          ].add(input)
          try progress(meter.advance(by: input.count / first.inFeatures))
        }
        for (name, linears) in sharers {
          guard let layer = sums[name]?.statistics else { continue }
          for linear in linears { layers[linear.name] = layer }
        }
      }
    }
    return InputStatistics(
      layers: layers, windowCount: windows.count, windowLength: options.windowLength)
  }
}
