internal import BSTKInference

/// One window's way through a layer, and what calibration takes down of it.
struct WindowPass: Sendable {
  var layer: LayerPass
  /// For each of ``inputs`` the L2 norm of each channel over the window.
  private(set) var norms: [[Double]] = []

  init(configuration: ModelConfiguration) { layer = LayerPass(configuration: configuration) }

  /// What the linear layers multiply, by place in `LinearLayer.Role.inputOwners`: tokens × in
  /// features.
  var inputs: [[Float]] {
    [layer.normedInput, layer.attended, layer.normedMiddle, layer.activated]
  }

  /// Fills in ``norms`` from a forward pass.
  mutating func measureNorms() {
    norms = inputs.map { input in
      let width = input.count / layer.tokens
      var squares = [Double](repeating: 0, count: width)
      for start in stride(from: 0, to: input.count, by: width) {
        Kernels.addSquares(input.span.extracting(start..<start + width), to: &squares)
      }
      return squares.map { $0.squareRoot() }
    }
  }

  /// Each token's squared gradients by the outputs of the layers that share an input, summed.
  func tokenWeights(ofInput number: Int) -> [Double] {
    let owner = LinearLayer.Role.inputOwners[number]
    var weights = [Double](repeating: 0, count: layer.tokens)
    for role in LinearLayer.Role.allCases where role.inputOwner == owner {
      for (token, square) in layer.tokenSquares[role.position].enumerated() {
        weights[token] += square
      }
    }
    return weights
  }

  /// Multiplies each token's row of an input by a number.
  mutating func scaleInput(_ number: Int, by factors: [Float]) {
    switch number {
    case 0: Kernels.scaleRows(&layer.normedInput, by: factors)
    case 1: Kernels.scaleRows(&layer.attended, by: factors)
    case 2: Kernels.scaleRows(&layer.normedMiddle, by: factors)
    default: Kernels.scaleRows(&layer.activated, by: factors)
    }
  }
}
