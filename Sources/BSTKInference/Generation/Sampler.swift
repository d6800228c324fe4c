internal import BSTKTokenizer

/// Draws tokens from logits, repeatably.
///
/// The likeliest token takes one pass over the logits. Buffers live from call to call.
struct Sampler {
  /// Up to so many of the likeliest tokens are kept in order while the logits go by; more are sorted.
  private static let orderedCount = 128

  private let sampling: Sampling
  private var state: UInt64
  private var probabilities: [Float] = []
  private var candidates: [Int] = []

  init(_ sampling: Sampling) {
    self.sampling = sampling
    state = sampling.seed
  }

  /// The next token; nil when no logit is a number, as a damaged model's may all be.
  mutating func next(from logits: Span<Float>) -> TokenID? {
    guard let best = Self.likeliest(logits) else { return nil }
    guard sampling.temperature > 0, logits[best].isFinite else { return TokenID(best) }
    Self.setProbabilities(
      &probabilities, logits, best: logits[best], temperature: sampling.temperature)
    guard sampling.topK != nil || sampling.topP != nil else {
      return TokenID(Kernels.draw(uniform(), from: probabilities.span))
    }
    let total = chooseCandidates(logits)
    if let topP = sampling.topP {
      let wanted = total * Double(topP)
      var sum = 0.0
      let last = candidates.firstIndex { candidate in
        sum += Double(probabilities[candidate])
        return sum >= wanted
      }
      if let last { candidates.removeLast(candidates.count - last - 1) }
    }
    var draw = uniform() * candidates.reduce(0) { $0 + Double(probabilities[$1]) }
    for candidate in candidates {
      draw -= Double(probabilities[candidate])
      if draw < 0 { return TokenID(candidate) }
    }
    return TokenID(best)
  }

  /// The first of the largest logits that are numbers.
  private static func likeliest(_ logits: Span<Float>) -> Int? {
    var best: Int?
    var top = -Float.infinity
    for index in logits.indices {
      let value = logits[index]
      if value > top || best == nil && !value.isNaN {
        best = index
        top = value
      }
    }
    return best
  }

  /// What is no number has no chance.
  private static func setProbabilities(
    _ probabilities: inout [Float], _ logits: Span<Float>, best: Float, temperature: Float
  ) {
    probabilities.resize(logits.count)
    var span = probabilities.mutableSpan
    for index in logits.indices {
      let logit = logits[index]
      span[index] = logit.isNaN ? -.infinity : (logit - best) / temperature
    }
    Kernels.softmax(&span)
  }

  /// Leaves the likeliest tokens that may be wanted, best first.
  ///
  /// - Returns: The probability of which the wanted ones shall reach a part.
  private mutating func chooseCandidates(_ logits: Span<Float>) -> Double {
    candidates.removeAll(keepingCapacity: true)
    func isLikelier(_ a: Int, _ b: Int) -> Bool {
      logits[a] != logits[b] ? logits[a] > logits[b] : a < b
    }
    if let topK = sampling.topK.map({ max(1, $0) }) {
      let isOrdered = topK <= Self.orderedCount
      for index in logits.indices where !logits[index].isNaN {
        guard isOrdered else {
          candidates.append(index)
          continue
        }
        if candidates.count == topK {
          if !isLikelier(index, candidates[topK - 1]) { continue }
          candidates.removeLast()
        }
        var place = candidates.count
        while place > 0, isLikelier(index, candidates[place - 1]) { place -= 1 }
        candidates.insert(index, at: place)
      }
      if !isOrdered {
        candidates.sort(by: isLikelier)
        candidates.removeLast(max(candidates.count - topK, 0))
      }
      return candidates.reduce(0) { $0 + Double(probabilities[$1]) }
    }
    // All below this together have less than what may be missing.
    let least = (1 - (sampling.topP ?? 1)) / Float(2 * logits.count)
    for index in logits.indices where probabilities[index] >= least && !logits[index].isNaN {
      candidates.append(index)
    }
    candidates.sort(by: isLikelier)
    return probabilities.reduce(0) { $0 + Double($1) }
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
