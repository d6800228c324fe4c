import BSTKTestSupport
import BSTKTokenizer
import Foundation
import Testing

@testable import BSTKInference

@Suite("Drawing tokens")
struct SamplerTests {
  /// How often each token is drawn in `count` draws, each with a seed of its own.
  private func frequencies(
    _ logits: [Float], _ sampling: Sampling, count: Int = 4000
  ) -> [TokenID: Double] {
    var sampler = Sampler(sampling)
    var frequencies: [TokenID: Double] = [:]
    for _ in 0..<count {
      if let token = sampler.next(from: logits.span) { frequencies[token, default: 0] += 1 }
    }
    return frequencies.mapValues { $0 / Double(count) }
  }

  @Test func `the likeliest token is the first of the largest numbers`() {
    func greedy(_ logits: [Float]) -> TokenID? {
      var sampler = Sampler(Sampling())
      return sampler.next(from: logits.span)
    }
    #expect(greedy([1, 3, 2, 3]) == 1)
    #expect(greedy([.nan, -5, .nan, -6]) == 1)
    #expect(greedy([.nan, -.infinity]) == 1)
    #expect(greedy([0, .infinity, .infinity]) == 1)
    #expect(greedy([.nan, .nan]) == nil)
    #expect(greedy([]) == nil)
  }

  @Test func `draws follow the softmax at the temperature`() {
    let logits: [Float] = [0, 1, 2, .nan, -.infinity]
    for temperature in [Float(0.5), 1, 3] {
      let drawn = frequencies(logits, Sampling(temperature: temperature, seed: 5))
      let weights = logits.prefix(3).map { exp(Double($0 / temperature)) }
      for (token, weight) in weights.enumerated() {
        let expected = weight / weights.reduce(0, +)
        #expect(abs((drawn[TokenID(token)] ?? 0) - expected) < 0.03, "\(temperature): \(drawn)")
      }
      #expect(drawn.keys.allSatisfy { $0 < 3 })
    }
  }

  /// More candidates than are kept in order, and fewer.
  @Test(arguments: [3, 200])
  func `only the likeliest are considered`(_ topK: Int) {
    var generator = SeededGenerator(seed: 9)
    let logits = (0..<1000).map { _ in generator.normal() }
    let likeliest = Set(
      logits.indices.sorted { logits[$0] > logits[$1] }.prefix(topK).map { TokenID($0) })
    let drawn = frequencies(logits, Sampling(temperature: 5, topK: topK, seed: 1))
    #expect(drawn.keys.allSatisfy(likeliest.contains))
    #expect(drawn.count > topK * 9 / 10)
    let both = frequencies(logits, Sampling(temperature: 5, topK: topK, topP: 0.5, seed: 1))
    #expect(both.keys.allSatisfy(likeliest.contains) && both.count < topK)
  }

  @Test func `only those that together reach a probability are considered`() {
    // 0.4, 0.3, 0.2, 0.1
    let logits = [0.1, 0.2, 0.3, 0.4].map { Float(log($0)) }
    for (topP, expected) in [(Float(0.35), 1), (0.6, 2), (0.85, 3), (1, 4)] {
      let drawn = frequencies(logits, Sampling(temperature: 1, topP: topP, seed: 2))
      #expect(Set(drawn.keys) == Set((4 - expected..<4).map { TokenID($0) }), "\(topP)")
      let sum = [0.4, 0.3, 0.2, 0.1].prefix(expected).reduce(0, +)
      #expect(abs((drawn[3] ?? 0) - 0.4 / sum) < 0.03)
    }
  }
}
