internal import BSTKFormat

extension HuggingFaceFolder {
  /// The tensors that are decomposed: weights of linear layers inside decoder layers.
  ///
  /// These are the tensors named `model.layers.N.….weight` with two dimensions of 2 to 2^20, whose
  /// elements are fp32, fp16 or bf16 and whose name speaks neither of a norm nor of an embedding.
  /// Everything else is stored as it is.
  public var matrices: [TensorDescription] { tensors.filter(Self.isDecomposable) }

  static func isDecomposable(_ tensor: TensorDescription) -> Bool {
    let dimensions = 2...Int(Limits.matrixDimension)
    guard tensor.shape.count == 2, tensor.shape.allSatisfy(dimensions.contains),
      tensor.type.isMatrixSource
    else { return false }
    let parts = tensor.name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 5, parts[0] == "model", parts[1] == "layers", parts.last == "weight",
      !parts[2].isEmpty, parts[2].utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
    else { return false }
    return !parts.contains { $0.contains("norm") || $0.contains("embed") }
  }
}
