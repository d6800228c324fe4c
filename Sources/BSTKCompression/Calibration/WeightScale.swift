/// Turns the weights of tokens into factors of their rows, so that the sum of products of the rows
/// is weighted.
///
/// Squared gradients can be far from 1; the first mean that is not 0 becomes the unit, which keeps
/// the products in fp32's range.
struct WeightScale {
  private var unit: Double?
  private var total = 0.0

  /// The square root of each weight, in the unit's root.
  mutating func roots(of weights: [Double]) -> [Float] {
    let sum = weights.reduce(0, +)
    if unit == nil, sum > 0 { unit = sum / Double(weights.count) }
    let unit = unit ?? 1
    total += sum / unit
    return weights.map { Float(($0 / unit).squareRoot()) }
  }

  /// What makes a mean of the weighted sum; not finite where no token had a weight.
  var factor: Double { 1 / total }
}
