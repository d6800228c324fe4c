internal import BSTKFormat

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

  /// A tensor of two dimensions in the form it is stored in, which takes the least memory; by
  /// default as fp32.
  ///
  /// - Throws: `BSTKError` when the source has no such matrix or cannot read it.
  func loadMatrix(_ name: String) throws -> WeightMatrix
}

extension WeightSource {
  /// The matrix as fp32.
  public func loadMatrix(_ name: String) throws -> WeightMatrix {
    guard let shape = shape(of: name), shape.count == 2 else {
      throw BSTKError(.model, "the model has no matrix \(name)")
    }
    let floats = try loadFloats(name)
    let (count, overflow) = shape[0].multipliedReportingOverflow(by: shape[1])
    guard !overflow, floats.count == count else {
      throw BSTKError(.model, "\(name) was read with \(floats.count) elements, not \(shape)")
    }
    return WeightMatrix(rows: shape[0], columns: shape[1], floats: floats)
  }
}
