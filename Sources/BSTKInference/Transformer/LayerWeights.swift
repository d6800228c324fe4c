public import BSTKModelFiles
internal import BSTKNumerics

/// The weights of one decoder layer.
public struct LayerWeights: Sendable {
  /// One linear layer's numbers.
  public struct Linear: Sendable {
    /// Which layer this is.
    public let layer: LinearLayer
    /// The weight, out × in features.
    public var weight: WeightMatrix
    /// The bias, out features; nil where the layer has none.
    public var bias: [Float]?

    /// out ← x · weightᵀ + bias for each row of x, tokens × in features.
    ///
    /// - Parameter precision: What may be done to x where the weight is in code.
    func apply(
      _ x: Span<Float>, into out: inout MutableSpan<Float>, precision: ProductPrecision = .exact
    ) {
      weight.multiply(x, into: &out, precision: precision)
      if let bias { Kernels.addBias(bias.span, to: &out) }
    }
  }

  /// Number of the decoder layer, from 0.
  public let index: Int
  /// The seven linear layers, in the order of ``LinearLayer/Role``.
  public var linears: [Linear]
  /// Scale of the norm before attention, `hiddenSize` numbers.
  public var inputNorm: [Float]
  /// Scale of the norm before the feed-forward part, `hiddenSize` numbers.
  public var postAttentionNorm: [Float]

  subscript(role: LinearLayer.Role) -> Linear { linears[role.position] }
}

extension LinearLayer.Role {
  /// The place among the seven.
  package var position: Int {
    switch self {
    case .query: 0
    case .key: 1
    case .value: 2
    case .attentionOutput: 3
    case .gate: 4
    case .up: 5
    case .down: 6
    }
  }
}
