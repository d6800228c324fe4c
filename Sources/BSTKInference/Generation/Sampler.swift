internal import BSTKTokenizer

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Draws tokens from logits, repeatably.
struct Sampler {
  private let sampling: Sampling
  private var state: UInt64

  init(_ sampling: Sampling) {
    self.sampling = sampling
    state = sampling.seed
  }

  /// The next token; nil when no logit is a number, as a damaged model's may all be.
  mutating func next(from logits: [Float]) -> TokenID? {
    var candidates = logits.indices.filter { !logits[$0].isNaN }
    func isLikelier(_ a: Int, _ b: Int) -> Bool {
      logits[a] != logits[b] ? logits[a] > logits[b] : a < b
    }
    guard let best = candidates.min(by: isLikelier) else { return nil }
    guard sampling.temperature > 0, logits[best].isFinite else { return TokenID(best) }
    if sampling.topK != nil || sampling.topP != nil { candidates.sort(by: isLikelier) }
    if let topK = sampling.topK { candidates = Array(candidates.prefix(max(1, topK))) }

    var weights = candidates.map {
      exp(Double((logits[$0] - logits[best]) / sampling.temperature))
    }
    if let topP = sampling.topP {
      let wanted = weights.reduce(0, +) * Double(topP)
      var sum = 0.0
      let count = weights.firstIndex { weight in
        sum += weight
        return sum >= wanted
      }
      weights = Array(weights.prefix((count ?? weights.count - 1) + 1))
    }
    var draw = uniform() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() {
      draw -= weight
      if draw < 0 { return TokenID(candidates[index]) }
    }
    return TokenID(best)
  }

  /// A number in 0..<1 (SplitMix64).
  private mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Double(z >> 11) * 0x1p-53
  }
}
