/// A rank-k magnitude split into U and V^T, ready to be stored.
struct MagnitudeFactors {
  /// U, rows × rank row-major.
  var u: [Float]
  /// V^T, rank × columns row-major.
  var vt: [Float]

  /// U = left · √σ and V^T = √σ · right^T, with column c of V^T times `columnFactors[c]`.
  ///
  /// A power of two then moves between each pair of vectors until their largest entries are alike,
  /// so that neither leaves the range of a 16-bit type while the other has room.
  init(
    _ triplets: SingularTriplets, rank: Int, rows: Int, columns: Int, columnFactors: [Float]?
  ) {
    u = [Float](repeating: 0, count: rows * rank)
    vt = [Float](repeating: 0, count: rank * columns)
    for (component, sigma) in triplets.values.enumerated() {
      let root = sigma.squareRoot()
      var rightPeak: Float = 0
      for column in 0..<columns {
        let factor = columnFactors?[column] ?? 1
        let value = triplets.right[component * columns + column] * root * factor
        vt[component * columns + column] = value
        rightPeak = max(rightPeak, abs(value))
      }
      var leftPeak: Float = 0
      for row in 0..<rows { leftPeak = max(leftPeak, abs(triplets.left[component * rows + row])) }
      leftPeak *= root
      let shift = MagnitudeFactors.balance(left: leftPeak, right: rightPeak)
      for row in 0..<rows {
        let value = triplets.left[component * rows + row] * root
        u[row * rank + component] = Float(sign: .plus, exponent: shift, significand: value)
      }
      for index in component * columns..<(component + 1) * columns {
        vt[index] = Float(sign: .plus, exponent: -shift, significand: vt[index])
      }
    }
  }

  /// The exponent of two to move from the right vector to the left one.
  private static func balance(left: Float, right: Float) -> Int {
    guard left.isNormal, right.isNormal else { return 0 }
    // Towards zero, so that vectors already within a factor of four stay as they are.
    return (Int(right.exponent) - Int(left.exponent)) / 2
  }
}
