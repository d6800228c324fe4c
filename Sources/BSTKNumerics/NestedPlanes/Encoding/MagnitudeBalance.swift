internal import CKernels

/// The magnitudes u and v of a matrix, so that the mean of |W| / (u vᵀ) over each row and each
/// column is one (Sinkhorn's balancing).
///
/// A least-squares magnitude would follow the few columns with outliers; means do not.
struct MagnitudeBalance {
  private static let rounds = 8
  private static let panelRows = 256

  private(set) var u: [Float]
  private(set) var v: [Float]
  /// The mean of |W| / v over each row, for the v above.
  private(set) var rowMeans: [Float]

  init(_ weights: Span<Float>, rows: Int, columns: Int) {
    u = []
    v = [Float](repeating: 1, count: columns)
    rowMeans = []
    for _ in 0..<Self.rounds {
      let (means, sums) = Self.sweep(weights, rows: rows, columns: columns, v: v)
      u = means
      v = sums.map { Float($0 / Double(rows)) }
    }
    rowMeans = Self.sweep(weights, rows: rows, columns: columns, v: v).0
  }

  /// The mean of |W| / (u v) for magnitudes of another shape.
  static func mean(
    of weights: Span<Float>, rows: Int, columns: Int, u: [Float], v: [Float]
  ) -> Float {
    let means = sweep(weights, rows: rows, columns: columns, v: v).0
    var sum = 0.0
    var count = 0
    for (mean, u) in zip(means, u) where u != 0 {
      sum += Double(mean) / Double(u)
      count += 1
    }
    return count > 0 ? Float(sum / Double(count)) : 0
  }

  /// The mean of |w| / v over every row, and for every column the sum of |w| over these.
  private static func sweep(
    _ weights: Span<Float>, rows: Int, columns: Int, v: [Float]
  ) -> ([Float], [Double]) {
    let inverse = v.map { $0 > 0 ? 1 / $0 : 0 }
    let panels = (rows + panelRows - 1) / panelRows
    var means = [Float](repeating: 0, count: rows)
    var partial = [Float](repeating: 0, count: panels * columns)
    unsafe weights.withUnsafeBufferPointer { weights in
      unsafe means.withUnsafeMutableBufferPointer { means in
        unsafe partial.withUnsafeMutableBufferPointer { partial in
          guard let source = weights.baseAddress, let first = means.baseAddress,
            let sums = partial.baseAddress
          else { return }
          // SAFETY: every panel reads its own rows and writes its own means and sums.
          nonisolated(unsafe) let (w, m, p) = unsafe (source, first, sums)
          Parallel.forEach(panels) { panel in
            let start = panel * panelRows
            unsafe bstk_balance_rows(
              w + start * columns, min(panelRows, rows - start), columns, inverse, m + start,
              p + panel * columns)
          }
        }
      }
    }
    var sums = [Double](repeating: 0, count: columns)
    for panel in 0..<panels {
      for column in 0..<columns { sums[column] += Double(partial[panel * columns + column]) }
    }
    return (means, sums)
  }
}
