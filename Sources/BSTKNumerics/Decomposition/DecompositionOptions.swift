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
