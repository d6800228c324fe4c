internal import BSTKInference

/// Sums over tokens from which follows how far those with large gradients have large inputs.
struct TokenCoupling {
  private var tokens = 0
  private var gradients = 0.0
  private var inputs = 0.0
  private var products = 0.0

  /// Adds the tokens of a window.
  ///
  /// - Parameters:
  ///   - squaredGradients: Of each token the squared norm of its gradient.
  ///   - input: What the layer multiplies, tokens × in features.
  mutating func add(squaredGradients: [Double], input: [Float]) {
    guard !squaredGradients.isEmpty else { return }
    let width = input.count / squaredGradients.count
    for (token, gradient) in squaredGradients.enumerated() {
      let row = input.span.extracting(token * width..<(token + 1) * width)
      let square = Kernels.sumOfSquares(row)
      tokens += 1
      gradients += gradient
      inputs += square
      products += gradient * square
    }
  }

  /// The mean product by the product of the means; 1 where either is nothing.
  var value: Float {
    let expected = gradients * inputs
    return expected > 0 ? Float(Double(tokens) * products / expected) : 1
  }
}
