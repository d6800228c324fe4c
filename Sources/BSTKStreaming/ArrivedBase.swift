public import BSTKInference
public import BSTKTokenizer

/// What a model's base is enough for.
@frozen
public struct ArrivedBase: ~Copyable, Sendable {
  /// The model; it has the base's blocks at first.
  public var model: ResizableModel
  /// Its shape.
  public let configuration: ModelConfiguration
  /// Its tokenizer.
  public let tokenizer: Tokenizer
}
