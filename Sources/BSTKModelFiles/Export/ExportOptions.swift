public import BSTKFormat

/// How a `.bstk` file is written back as a Hugging Face folder.
public struct ExportOptions: Hashable, Sendable {
  /// The type of every floating-point tensor: fp32, fp16 or bf16. By default each keeps the type
  /// it had before the model was compressed.
  public var elementType: ElementType?
  /// Bytes of tensors in one safetensors file before the next is begun.
  public var shardByteCount = 5_000_000_000
  /// Whether a model folder that is already there is replaced.
  public var replacesExisting = false

  /// The defaults.
  public init() {}
}
