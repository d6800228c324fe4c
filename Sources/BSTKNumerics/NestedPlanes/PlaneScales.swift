/// What the integers of nested planes are multiplied by, and whether that is within bounds.
///
/// A weight is row(u) · column(v) · N. A power of two is moved so that the largest column scale is in
/// 1 ..< 2: the product of the two is then as far from overflow as the matrix is.
struct PlaneScales {
  /// What a row's u is multiplied by.
  let rowStep: Double
  /// What a column's v is multiplied by: a power of two.
  let columnStep: Double

  /// The scales of `planeCount` planes whose last has the gain `gain`.
  ///
  /// - Parameter vPeak: the largest absolute value of v.
  init(vPeak: Float, factor: Float, gain: Float, planeCount: Int) {
    // Where v is 0 the size of u and factor has no bound, and no meaning.
    let grid = vPeak > 0 ? Double(gain) * Double(factor) : 0
    let shift = vPeak > 0 ? Int(vPeak.exponent) : 0
    rowStep = Double(sign: .plus, exponent: shift + 1 - planeCount, significand: grid)
    columnStep = Double(sign: .plus, exponent: -shift, significand: 1)
  }

  /// The scale of a row whose u is that.
  func row(_ u: Float) -> Float { Float(Double(u) * rowStep) }

  /// The scale of a column whose v is that.
  func column(_ v: Float) -> Float { Float(Double(v) * columnStep) }

  /// The largest absolute value.
  ///
  /// - Throws: `notFinite` for the first value that is no number.
  static func peak(_ values: [Float]) throws(NumericsError) -> Float {
    var peak: Float = 0
    for index in values.indices {
      guard values[index].isFinite else { throw .notFinite(index: index) }
      peak = max(peak, abs(values[index]))
    }
    return peak
  }

  /// Checks that no weight can leave binary32.
  ///
  /// - Throws: `scaleOutOfRange` where uPeak · vPeak · (2048 · |factor| + excessPeak) is not below
  ///   2^120.
  static func check(
    uPeak: Float, vPeak: Float, factor: Float, excessPeak: Float
  ) throws(NumericsError) {
    // Comparisons with NaN are false.
    guard
      Double(uPeak) * Double(vPeak) * (2048 * Double(abs(factor)) + Double(excessPeak)) < 0x1p120
    else { throw .scaleOutOfRange }
  }

  /// Checks a gain.
  ///
  /// - Throws: `scaleOutOfRange` beyond ``NestedPlaneMatrix/maximumGain``.
  static func check(gain: Float) throws(NumericsError) {
    guard abs(gain) <= NestedPlaneMatrix.maximumGain else { throw .scaleOutOfRange }
  }
}
