/// How a matrix is decomposed into sign blocks.
public struct DecompositionOptions: Sendable, Equatable {
  /// How the truncated singular value decomposition of |R| is computed.
  public enum Method: Sendable, Equatable {
    /// Exact up to a smaller side of 256; beyond, block Krylov steps until one lowers the squared
    /// error by less than 2 in 10,000. Ranks above 256 are exact at any size.
    case automatic
    /// By the eigenvectors of the smaller Gram matrix in double precision. Takes some four times
    /// the square of the smaller side in doubles, and minutes for thousands of rows and columns.
    case exact
    /// A fixed number of block Krylov steps (Musco & Musco, arXiv 1504.05477) from `oversampling`
    /// more vectors than the rank, rounded up to 16; exact where the space would fill the matrix.
    case randomized(oversampling: Int, powerIterations: Int)
  }

  /// The rank of the magnitude at each level, 1 to 1,024; its count is the number of levels, 1 to
  /// 64. A rank above the matrix's smaller side is taken as that side.
  public var ranks: [Int]
  /// How U and V^T are stored.
  public var vectorType: VectorType = .fp16
  /// Factors on the fitted magnitude, level by level; levels beyond the list take 1. Above 1 a
  /// level alone is worse and the levels after it are better.
  public var magnitudeGains: [Float] = []
  /// Whether the first level looks ahead to the second: its magnitude is raised to where a code of
  /// two levels, fitted together, has it.
  ///
  /// A magnitude fitted alone is the mean of |W|; the best code of four values for a normal
  /// variable (Max 1960: ±0.4528, ±1.5104) has the middle of its two positive ones at 0.9816, which
  /// is 0.305 standard deviations of |w| above the mean. So the mean magnitude, the leading
  /// component, is multiplied by 1 + 0.305 √(1/f − 1), where f is the share of ‖W‖² that the fitted
  /// magnitude captures and √(1/f − 1) estimates how far |W| spreads around it. The higher the
  /// rank, the more is captured and the less there is to look ahead for.
  ///
  /// Measured with calibration on two trained models of 2 and 6.5 million weights, 8 levels, whole
  /// evaluation texts in windows of 256, 8 cuts each: area under the perplexity above the source's,
  /// from the base to the whole file, in perplexity × MB. Gains multiply the whole magnitude.
  ///
  ///     model, rank   gain 1    1.1    1.2   1.35   looking ahead
  ///     2 M, 1          8.98   7.64   7.17   7.85            7.19
  ///     2 M, 4          9.72   9.05   9.22  11.14            9.09
  ///     2 M, 16        11.49  11.76  13.59  19.47           11.62
  ///     6.5 M, 1       38.24  32.44  29.35  30.23           29.07
  ///     6.5 M, 4       45.19  37.18  31.30      –           29.22
  ///     6.5 M, 16      42.92  37.69  37.94  44.82           33.09
  public var looksAhead = false
  /// One positive factor per column, by which the error of that column is weighted (the norms of
  /// the layer's inputs). Nil weights all columns alike.
  public var inputScale: [Float]?
  /// How the truncated decomposition is computed.
  public var method: Method = .automatic
  /// Seeds the random start vectors.
  public var seed: UInt64 = 0

  /// Options for `levels` levels of the same rank.
  public init(levels: Int, rank: Int) {
    self.ranks = Array(repeating: rank, count: max(0, levels))
  }

  /// Options with a rank of its own for each level.
  public init(ranks: [Int]) {
    self.ranks = ranks
  }

  /// - Throws: `invalidOption` for an option without meaning for a matrix of `columns` columns.
  func validate(columns: Int) throws(NumericsError) {
    guard !ranks.isEmpty, ranks.count <= 64 else {
      throw .invalidOption("\(ranks.count) levels; 1 to 64 are possible")
    }
    for rank in ranks where rank < 1 || rank > SignBlock.maximumRank {
      throw .invalidOption("rank \(rank); 1 to \(SignBlock.maximumRank) are possible")
    }
    for gain in magnitudeGains where !(gain > 0 && gain <= 16) {
      throw .invalidOption("magnitude gain \(gain); it must be above 0 and at most 16")
    }
    if let inputScale {
      guard inputScale.count == columns else {
        throw .invalidOption("\(inputScale.count) input scales for \(columns) columns")
      }
      for scale in inputScale where !(scale.isNormal && scale > 0 && (1 / scale).isNormal) {
        throw .invalidOption("input scale \(scale); it must be a positive number")
      }
    }
    if case .randomized(let oversampling, let powerIterations) = method {
      guard (0...1024).contains(oversampling), (0...64).contains(powerIterations) else {
        throw .invalidOption("oversampling \(oversampling), power iterations \(powerIterations)")
      }
    }
  }
}
