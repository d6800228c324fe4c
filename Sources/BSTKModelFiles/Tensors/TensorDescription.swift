public import BSTKFormat

/// What a tensor is, without its data.
public struct TensorDescription: Hashable, Sendable {
  /// The name, such as `model.embed_tokens.weight`.
  public let name: String
  /// The type of the elements.
  public let type: ElementType
  /// The dimensions, outermost first; a scalar has none.
  public let shape: [Int]
  /// The number of elements.
  public let elementCount: Int

  /// Bytes of the data.
  public var byteCount: Int { elementCount * type.byteCount }

  /// Makes a description.
  ///
  /// - Throws: `SHAPE` when a dimension is negative or the size in bytes exceeds `Int.max`.
  public init(name: String, type: ElementType, shape: [Int]) throws(BSTKError) {
    var count = 1
    var overflow = false
    for dimension in shape {
      guard dimension >= 0 else {
        throw BSTKError(.shape, "tensor \(name) has a negative dimension")
      }
      let product = count.multipliedReportingOverflow(by: dimension)
      count = product.partialValue
      overflow = overflow || product.overflow
    }
    guard !overflow, !count.multipliedReportingOverflow(by: type.byteCount).overflow else {
      throw BSTKError(.shape, "the shape \(shape) of tensor \(name) is too large")
    }
    self.name = name
    self.type = type
    self.shape = shape
    self.elementCount = count
  }
}
