public import BSTKInference
public import BSTKTokenizer
public import BSTKModelFiles
internal import BSTKFormat
internal import BSTKStore

/// The stack order of the BitStack reference code, for comparison: for each number of levels b,
/// all matrices have b; each in turn is raised to b + 1 and the perplexity measured; the blocks of
/// level b are sorted by it, ascending. Matrices never differ by more than one level.
///
/// Source: arXiv 2410.23918 section 3.3 and the reference implementation. Cost: for M matrices and
/// L levels M × (L − 1) evaluations of the validation windows. Memory: the states of as many windows
/// for all matrices as fit into 1 GiB, and a layer or the output head beside them.
public struct ReferenceSweep {
  /// The windows of the validation text, as the reference takes them.
  public static let windowCount = 32

  private let configuration: ModelConfiguration
  private let compressed: BSTKWeights
  private let windowLength: Int
  /// What the states of a batch of windows may take.
  var stateByteCount = MatrixVariants.stateByteCount

  /// Prepares a sweep; reads no weights.
  public init(
    configuration: ModelConfiguration, compressed: BSTKWeights, windowLength: Int = 256
  ) {
    self.configuration = configuration
    self.compressed = compressed
    self.windowLength = windowLength
  }

  /// The blocks above level 0 as (matrix number, level), best first.
  ///
  /// - Parameter progress: Called often. Throwing cancels the sweep.
  public func run(
    _ tokens: [TokenID], progress: (WorkProgress) throws -> Void = { _ in }
  ) throws -> [(matrix: Int, level: Int)] {
    var options = Calibrator.Options()
    options.windowCount = Self.windowCount
    options.windowLength = windowLength
    let windows = try Calibrator.windows(of: tokens, options: options)
    let matrices = compressed.file.manifest.matrices
    let levelCount = matrices.map(\.levelCount).max() ?? 1
    var stack: [(matrix: Int, level: Int)] = []
    var meter = try variants(raisedFrom: 1).meter(windows, runs: max(levelCount - 1, 0))
    for bit in 1..<max(levelCount, 1) {
      let variants = try variants(raisedFrom: bit)
      var sums: [Int: Double] = [:]
      for batch in variants.batches(of: windows, stateByteCount: stateByteCount) {
        let outcome = try variants.run(batch, levels: bit + 1, meter: &meter, progress: progress)
        let head = try variants.transformer.loadHead(as: .floats)
        for (number, states) in outcome.variants {
          // Window after window, so that the sum does not depend on the batches.
          for value in head.logProbabilities(states, windows: batch) {
            sums[number, default: 0] += value
          }
          try progress(meter.advance(by: states.tokenCount))
        }
        try progress(meter.advance(by: outcome.base.tokenCount))
      }
      // A model that gives no number at all is worse than any that does, and last comes as well a
      // matrix that the forward pass does not use.
      let losses = matrices.indices.filter { matrices[$0].levelCount > bit }
        .map { number in
          let sum = sums[number] ?? -.infinity
          return (matrix: number, loss: sum.isFinite ? -sum : .infinity)
        }
        .sorted { ($0.loss, $0.matrix) < ($1.loss, $1.matrix) }
      stack += losses.map { ($0.matrix, bit) }
    }
    return stack
  }

  /// The model with `bit` levels everywhere, and the matrices to raise in turn.
  private func variants(raisedFrom bit: Int) throws -> MatrixVariants {
    let levels = compressed.file.manifest.matrices.map { min(bit, $0.levelCount) }
    let base = BSTKWeights(compressed.file, levelCounts: levels)
    return MatrixVariants(
      transformer: try Transformer(configuration: configuration, weights: base),
      compressed: compressed)
  }
}
