/// How an error in one column is made good in those that are coded after it.
///
/// With the columns in ascending order of what they matter and L the Cholesky factor of their
/// weighted moments, coding goes from the last column to the first: the target of column j is its
/// value and, from each column k > j that is coded, its error times L_kj / L_jj (LDL feedback, QuIP,
/// arXiv 2307.13304; equal to GPTQ, arXiv 2210.17323, without inverting a matrix). The loss that
/// remains is Σ L_jj² (target − code)².
struct FeedbackFactor {
  /// The column at each place of the order; those that matter most come last.
  let order: [UInt32]
  /// L below the diagonal, row-major by place; nil where errors cannot be made good.
  let factors: [Float]?
  /// L_jj, by place.
  let pivots: [Float]

  /// - Parameters:
  ///   - moments: Taken over.
  ///   - diagonal: Their diagonal, damped; what columns are ordered by.
  ///   - damping: Added to the diagonal.
  ///   - scale: What each column's unit is worth: moments are weighted by it on both sides.
  init(
    _ moments: consuming InputMoments, diagonal: [Float], damping: Float, scale: [Float]
  ) throws(NumericsError) {
    let columns = diagonal.count
    let order = (0..<columns).sorted { (diagonal[$0], $0) < (diagonal[$1], $1) }
    self.order = order.map { UInt32($0) }
    guard case .full(var matrix) = consume moments else {
      factors = nil
      pivots = order.map { diagonal[$0].squareRoot() * scale[$0] }
      return
    }
    // A column without magnitude is coded as zero whatever its integers are, and must not make the
    // factor singular.
    let floor = (scale.max() ?? 0) > 0 ? (scale.max() ?? 0) * 1e-4 : 1
    let scale = scale.map { $0 > floor ? $0 : floor }
    Self.arrange(&matrix, order: order, scale: scale, damping: damping)
    try BlockedCholesky.factor(&matrix, order: columns)
    pivots = (0..<columns).map { matrix[$0 * columns + $0] }
    factors = matrix
  }

  /// The lower triangle becomes that of the reordered, weighted and damped matrix, read from the
  /// upper one, so that no second matrix is needed.
  private static func arrange(
    _ matrix: inout [Float], order: [Int], scale: [Float], damping: Float
  ) {
    let columns = order.count
    let diagonal = (0..<columns).map { matrix[$0 * columns + $0] }
    var span = matrix.mutableSpan
    for row in 0..<columns {
      let (source, factor) = (order[row], scale[order[row]])
      for column in 0..<row {
        let other = order[column]
        let (low, high) = source < other ? (source, other) : (other, source)
        span[row * columns + column] = span[low * columns + high] * factor * scale[other]
      }
    }
    for row in 0..<columns {
      let column = order[row]
      span[row * columns + row] = (diagonal[column] + damping) * scale[column] * scale[column]
    }
  }
}
