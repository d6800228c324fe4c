/// A repeatable random number generator (SplitMix64). Tests print its seed when they fail.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Starts the sequence that belongs to `seed`.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// `count` random bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 32) }
  }

  /// A number from the standard normal distribution (Box–Muller).
  public mutating func normal() -> Float {
    let radius = (-2 * Double.log(Double.random(in: .leastNonzeroMagnitude..<1, using: &self)))
      .squareRoot()
    return Float(radius * Double.cos(2 * .pi * Double.random(in: 0..<1, using: &self)))
  }
}
