/// How the next token is chosen among a model's predictions.
public struct Sampling: Hashable, Sendable {
  /// Logits are divided by this; 0 always takes the likeliest token.
  public var temperature: Float
  /// Only so many of the likeliest tokens are considered; nil considers all.
  public var topK: Int?
  /// Only the likeliest tokens that together reach this probability are considered; nil all.
  public var topP: Float?
  /// The same seed gives the same text.
  public var seed: UInt64

  /// Makes a way of choosing; the defaults always take the likeliest token.
  public init(temperature: Float = 0, topK: Int? = nil, topP: Float? = nil, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
  }
}
