/// One level as the decomposer hands it out, with what it achieved.
public struct DecomposedLevel: Sendable {
  /// The level's number, from 0.
  public let index: Int
  /// The level as it is stored.
  public let block: SignBlock
  /// The error of the weights: ‖W − sum of levels‖.
  public let weightError: ResidualError
  /// The error of the weights times the input scale; equal to `weightError` without a scale.
  public let scaledError: ResidualError
}
