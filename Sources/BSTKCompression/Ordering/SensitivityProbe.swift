public import BSTKInference
public import BSTKModelFiles
public import BSTKTokenizer
internal import BSTKFormat

/// Measures how much a model's output distribution moves when one matrix alone is compressed.
///
/// The matrix is cut to a few levels while all others stay as in the source, and the KL divergence
/// of the next-token distributions is averaged over the tokens of a few windows. The divergence is
/// never negative and second order in the error, so a few hundred tokens tell matrices apart where
/// differences of the loss would drown in noise. To second order it grows in proportion to the
/// squared error, which gives the worth of every other level by scaling.
///
/// Cost: for M matrices and W windows M × W forward passes of a window, half of each on average.
public struct SensitivityProbe {
  /// How the probe is run.
  public struct Options: Hashable, Sendable {
    /// Windows of the text that are read.
    public var windowCount = 2
    /// Tokens of a window.
    public var windowLength = 256
    /// Levels the probed matrix keeps.
    public var levelCount = 2

    /// The defaults.
    public init() {}
  }

  private let variants: MatrixVariants
  private let options: Options

  /// Prepares a probe; reads no weights.
  ///
  /// - Parameters:
  ///   - transformer: The source model.
  ///   - compressed: The compressed one.
  public init(
    source transformer: Transformer, compressed: BSTKWeights, options: Options = Options()
  ) {
    variants = MatrixVariants(transformer: transformer, compressed: compressed)
    self.options = options
  }

  /// The divergence in nats per token for each matrix of the file, by its number; 0 where the
  /// forward pass does not use the matrix, which then moves nothing.
  ///
  /// - Parameter progress: Called often. Throwing cancels the probe.
  /// - Throws: `MODEL` when the text is shorter than a window, and what reading weights throws.
  public func run(
    _ tokens: [TokenID], progress: (WorkProgress) throws -> Void = { _ in }
  ) throws -> [Double] {
    var calibration = Calibrator.Options()
    calibration.windowCount = options.windowCount
    calibration.windowLength = options.windowLength
    let windows = try Calibrator.windows(of: tokens, options: calibration)
    var meter = variants.meter(windows)
    var sums = variants.compressed.manifest.matrices.map { _ in 0.0 }
    for batch in variants.batches(of: windows) {
      let outcome = try variants.run(
        batch, levels: options.levelCount, meter: &meter, progress: progress)
      let parts = try variants.transformer.loadHead(as: .floats).divergences(
        of: outcome.variants.map(\.states), from: outcome.base
      ) { try progress(meter.advance(by: $0)) }
      for (variant, part) in zip(outcome.variants, parts) {
        sums[variant.matrix] += part
      }
    }
    let tokens = Double(windows.reduce(0) { $0 + $1.count })
    // Not `max`, which would make a number of what is none.
    return sums.map { $0 < 0 ? 0 : $0 / tokens }
  }
}
