/// The hidden states of several independent texts between two decoder layers, fp32.
public struct HiddenStates: Sendable {
  /// Width of one token's state.
  public let width: Int
  /// The number of tokens of each text, in order.
  public let windowLengths: [Int]
  /// All tokens × ``width``, texts one after the other.
  public var values: [Float]

  /// Number of tokens of all texts.
  public var tokenCount: Int { values.count / width }
}
