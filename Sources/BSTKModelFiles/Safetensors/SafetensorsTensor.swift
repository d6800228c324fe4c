/// A tensor of a safetensors file and where its data lies.
public struct SafetensorsTensor: Hashable, Sendable {
  /// Name, type and shape.
  public let description: TensorDescription
  /// The offset of the data, counted from the start of the file.
  public let fileOffset: Int

  /// The name.
  public var name: String { description.name }
}
