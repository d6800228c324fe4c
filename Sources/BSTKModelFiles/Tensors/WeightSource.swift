/// Where a forward pass gets its weights: a Hugging Face folder or a `.bstk` prefix.
///
/// Tensors go by their Hugging Face names (`model.layers.0.self_attn.q_proj.weight`). A linear
/// layer's weight is `[out_features, in_features]`, the embedding `[vocab_size, hidden_size]`.
public protocol WeightSource: Sendable {
  /// Shape of a tensor by its Hugging Face name, or nil when the source has none.
  func shape(of name: String) -> [Int]?

  /// The tensor as fp32, row-major.
  ///
  /// - Throws: `BSTKError` when the source has no such tensor or cannot read it.
  func loadFloats(_ name: String) throws -> [Float]
}
