internal import BSTKFormat
internal import BSTKStore

/// The stack order of the BitStack reference code, for comparison: for each number of levels b,
/// all matrices have b; each in turn is raised to b + 1 and the perplexity measured; the blocks of
/// level b are sorted by it, ascending. Matrices never differ by more than one level.
///
/// Source: arXiv 2410.23918 section 3.3 and the reference implementation. Cost: for M matrices and
/// L levels M × (L − 1) evaluations of the validation windows.
public struct ReferenceSweep {
  /// The windows of the validation text, as the reference takes them.
  public static let windowCount = 32

  private let configuration: ModelConfiguration
  private let compressed: BSTKWeights
  private let windowLength: Int

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
  /// - Parameter progress: Called after each layer of each level. Throwing cancels the sweep.
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
    for bit in 1..<max(levelCount, 1) {
      let base = BSTKWeights(
        compressed.file, levelCounts: matrices.map { min(bit, $0.levelCount) })
      let variants = MatrixVariants(
        transformer: try Transformer(configuration: configuration, weights: base),
        compressed: compressed)
      let outcome = try variants.run(windows, levels: bit + 1) { step in
        try progress(
          WorkProgress(
            completed: (bit - 1) * step.total + step.completed,
            total: (levelCount - 1) * step.total))
      }
      let head = try variants.transformer.loadHead()
      var losses: [(matrix: Int, loss: Double)] = []
      for (number, states) in outcome.variants where matrices[number].levelCount > bit {
        let sum = head.logProbabilities(states, windows: windows).reduce(0, +)
        // A model that gives no number at all is worse than any that does.
        losses.append((number, sum.isFinite ? -sum : .infinity))
      }
      losses.sort { ($0.loss, $0.matrix) < ($1.loss, $1.matrix) }
      stack += losses.map { ($0.matrix, bit) }
    }
    return stack
  }
}
