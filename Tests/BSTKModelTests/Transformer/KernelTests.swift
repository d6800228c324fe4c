import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKInference

/// The C kernels against plain loops in double precision.
@Suite struct KernelTests {
  private var generator = SeededGenerator(seed: 11)

  private mutating func random(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in generator.normal() * scale }
  }

  @Test(arguments: [1, 7, 16, 33])
  mutating func `RMSNorm`(width: Int) {
    let x = random(3 * width)
    let weight = random(width)
    var out = [Float](repeating: 0, count: x.count)
    var span = out.mutableSpan
    Kernels.rmsNorm(x.span, weight: weight.span, epsilon: 1e-3, into: &span)
    for row in 0..<3 {
      let values = x[row * width..<(row + 1) * width].map(Double.init)
      let mean = values.reduce(0) { $0 + $1 * $1 } / Double(width)
      for column in 0..<width {
        let expected = values[column] * Double(weight[column]) / (mean + 1e-3).squareRoot()
        #expect(abs(Double(out[row * width + column]) - expected) < 1e-5)
      }
    }
  }

  @Test(arguments: [nil, 1, 5, 100])
  mutating func `masked softmax`(window: Int?) {
    let (rows, firstQuery) = (20, 30)
    let firstKey = window.map { max(0, firstQuery + 1 - $0) } ?? 0
    let columns = firstQuery + rows - firstKey
    let scores = random(rows * columns, scale: 30)
    var out = scores
    var span = out.mutableSpan
    Kernels.maskedSoftmax(
      &span, rows: rows, columns: columns, firstQuery: firstQuery, firstKey: firstKey,
      window: window, scale: 0.25)
    for row in 0..<rows {
      let query = firstQuery + row
      let weights = (0..<columns).map { column in
        let key = firstKey + column
        let isSeen = key <= query && (window.map { key > query - $0 } ?? true)
        return isSeen ? exp(Double(scores[row * columns + column]) * 0.25) : 0
      }
      let total = weights.reduce(0, +)
      for column in 0..<columns {
        #expect(abs(Double(out[row * columns + column]) - weights[column] / total) < 1e-6)
      }
    }
  }

  @Test mutating func `SwiGLU over the whole range`() {
    let gate: [Float] = random(50, scale: 5) + [0, -0.0, 100, -100, 3e38, -3e38]
    let up = random(gate.count)
    var out = gate
    var span = out.mutableSpan
    Kernels.siluMultiply(&span, up.span)
    for i in gate.indices {
      let expected = Double(gate[i]) / (1 + exp(-Double(gate[i]))) * Double(up[i])
      #expect(abs(Double(out[i]) - expected) <= 1e-6 * max(1, abs(expected)))
    }
  }

  @Test mutating func `log-probability of a token`() {
    let logits = random(1000, scale: 10)
    let total = logits.reduce(0) { $0 + exp(Double($1)) }
    for target in [0, 17, 999] {
      let expected = Double(logits[target]) - log(total)
      #expect(abs(Kernels.logProbability(logits.span, of: target) - expected) < 1e-6)
    }
  }

  @Test func `numbers that are none stay so and harm nothing`() {
    var scores: [Float] = [.nan, 1, .infinity, -.infinity, 3e38, -3e38]
    var span = scores.mutableSpan
    Kernels.maskedSoftmax(
      &span, rows: 1, columns: 6, firstQuery: 5, firstKey: 0, window: nil, scale: 1)
    #expect(scores.contains { $0.isNaN })
    var gate: [Float] = [.nan, .infinity, -.infinity]
    var product = gate.mutableSpan
    Kernels.siluMultiply(&product, [1, 1, 1].span)
    #expect(gate[0].isNaN && gate[1] == .infinity)
    #expect(Kernels.logProbability([.nan, 1].span, of: 1).isNaN)
  }
}
