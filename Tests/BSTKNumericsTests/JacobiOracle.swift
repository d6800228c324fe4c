/// A slow decomposition in double precision that shares no code with the library.
enum JacobiOracle {
  /// The best rank-k approximation, by one-sided Jacobi rotations (Hestenes).
  static func bestApproximation(
    _ matrix: [Double], rows: Int, columns: Int, rank: Int
  ) -> [Double] {
    // Column-major copies of A and the accumulated right rotations.
    var a = (0..<columns).map { c in (0..<rows).map { matrix[$0 * columns + c] } }
    var v = (0..<columns).map { c in (0..<columns).map { $0 == c ? 1.0 : 0.0 } }
    for _ in 0..<60 {
      var largest = 0.0
      for p in 0..<columns {
        for q in p + 1..<max(p + 1, columns) {
          let alpha = dot(a[p], a[p])
          let beta = dot(a[q], a[q])
          let gamma = dot(a[p], a[q])
          guard gamma != 0, alpha > 0, beta > 0 else { continue }
          largest = max(largest, abs(gamma) / (alpha * beta).squareRoot())
          let zeta = (beta - alpha) / (2 * gamma)
          let t = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
          let c = 1 / (1 + t * t).squareRoot()
          rotate(&a, p, q, c, c * t)
          rotate(&v, p, q, c, c * t)
        }
      }
      if largest < 1e-14 { break }
    }
    let order = (0..<columns).sorted { dot(a[$0], a[$0]) > dot(a[$1], a[$1]) }
    var result = [Double](repeating: 0, count: rows * columns)
    for index in order.prefix(rank) {
      for row in 0..<rows {
        for column in 0..<columns {
          result[row * columns + column] += a[index][row] * v[index][column]
        }
      }
    }
    return result
  }

  /// ‖residual‖ / ‖W‖ after each level with unrounded vectors.
  static func errors(
    _ weights: [Float], rows: Int, columns: Int, rank: Int, levels: Int
  ) -> [Double] {
    var residual = weights.map { Double($0) }
    let norm = dot(residual, residual)
    return (0..<levels).map { _ in
      let magnitude = bestApproximation(
        residual.map { abs($0) }, rows: rows, columns: columns, rank: rank)
      for index in residual.indices {
        residual[index] -= residual[index] >= 0 ? magnitude[index] : -magnitude[index]
      }
      return (dot(residual, residual) / norm).squareRoot()
    }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private static func rotate(_ x: inout [[Double]], _ p: Int, _ q: Int, _ c: Double, _ s: Double) {
    for index in x[p].indices {
      let (first, second) = (x[p][index], x[q][index])
      x[p][index] = c * first - s * second
      x[q][index] = s * first + c * second
    }
  }
}
