/// What the linear layers of a model see at their inputs, over the windows of a calibration text.
public struct InputStatistics: Sendable {
  /// The statistics of one layer's input.
  public struct Layer: Sendable {
    /// For each input channel the L2 norm over the positions of a window, averaged over windows:
    /// what BitStack (arXiv 2410.23918) scales by. In features.
    public let channelNorms: [Float]
    /// The mean of x xᵀ over positions, in × in features, row-major; nil where it was not asked
    /// for.
    public let secondMoments: [Float]?
  }

  /// By the name of the layer, such as `model.layers.0.self_attn.q_proj`.
  public let layers: [String: Layer]
  /// Windows read.
  public let windowCount: Int
  /// Tokens of each.
  public let windowLength: Int
}
