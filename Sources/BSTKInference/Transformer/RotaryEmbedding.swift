/// How positions turn into rotations of query and key pairs (RoPE), with the scalings that long
/// context models use.
public struct RotaryEmbedding: Hashable, Sendable {
  /// A way of stretching the rotation over longer texts, as the `rope_type` of a configuration.
  public enum Scaling: Hashable, Sendable {
    /// The original frequencies.
    case none
    /// Every frequency divided by `factor`.
    case linear(factor: Double)
    /// The base grows once a text is longer than `maximumPositions` (NTK-aware, dynamic).
    case dynamic(factor: Double, maximumPositions: Int)
    /// Llama 3.1: low frequencies divided, high ones kept, a smooth step between.
    case llama3(
      factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
      originalPositions: Int)
    /// YaRN (arXiv 2309.00071): a ramp between interpolated and original frequencies by the number
    /// of rotations, and rotations longer by `attentionFactor`.
    case yarn(
      factor: Double, betaFast: Double, betaSlow: Double, originalPositions: Int, truncates: Bool,
      attentionFactor: Double)
  }

  /// Width of one head; even.
  public let headDimension: Int
  /// The base of the geometric series of frequencies (`rope_theta`).
  public let base: Double
  /// How the frequencies are stretched.
  public let scaling: Scaling

  /// Makes an embedding.
  ///
  /// - Precondition: `headDimension` is even and positive, `base` above 1.
  public init(headDimension: Int, base: Double, scaling: Scaling = .none) {
    precondition(headDimension > 0 && headDimension % 2 == 0 && base > 1)
    self.headDimension = headDimension
    self.base = base
    self.scaling = scaling
  }

  /// What cosines and sines are multiplied by.
  public var attentionFactor: Float {
    if case .yarn(_, _, _, _, _, let factor) = scaling { Float(factor) } else { 1 }
  }
}
