enum Cholesky {
  /// R^-1 for the upper triangular R with R^T · R = `gram`, row-major.
  ///
  /// Nil when a pivot falls below 1e-9 of its diagonal: the vectors behind are nearly dependent.
  static func inverseUpperFactor(of gram: [Double], order: Int) -> [Double]? {
    var factor = [Double](repeating: 0, count: order * order)
    for column in 0..<order {
      for row in 0...column {
        var sum = gram[row * order + column]
        for index in 0..<row {
          sum -= factor[index * order + row] * factor[index * order + column]
        }
        if row < column {
          factor[row * order + column] = sum / factor[row * order + row]
        } else {
          guard sum > 1e-9 * gram[column * order + column], sum.isNormal else { return nil }
          factor[column * order + column] = sum.squareRoot()
        }
      }
    }
    var inverse = [Double](repeating: 0, count: order * order)
    for column in 0..<order {
      for row in (0...column).reversed() {
        var sum: Double = row == column ? 1 : 0
        for index in row + 1..<column + 1 {
          sum -= factor[row * order + index] * inverse[index * order + column]
        }
        inverse[row * order + column] = sum / factor[row * order + row]
      }
    }
    return inverse
  }
}
