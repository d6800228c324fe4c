internal import BSTKFormat

extension HuggingFaceFolder {
  /// Whether a tensor is one of those that are decomposed, see ``ModelSource/matrices``.
  package static func isDecomposable(_ tensor: TensorDescription) -> Bool {
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
