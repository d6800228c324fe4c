import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKInference

/// The C kernels of the way back against plain formulas in double precision.
@Suite struct BackwardKernelTests {
  private var generator = SeededGenerator(seed: 19)

  private mutating func random(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in generator.normal() * scale }
  }

  /// The gradient of the sum of `weights` · f(x) by x, by differences in double precision.
  private func differences(
    _ x: [Double], _ weights: [Double], _ f: ([Double]) -> [Double]
  ) -> [Double] {
    x.indices.map { i in
      func moved(_ step: Double) -> Double {
        var y = x
        y[i] += step
        return zip(f(y), weights).reduce(0) { $0 + $1.0 * $1.1 }
      }
      return (moved(1e-5) - moved(-1e-5)) / 2e-5
    }
  }

  @Test(arguments: [1, 7, 16, 33])
  mutating func `RMSNorm`(width: Int) {
    let (x, weight) = (random(width), random(width))
    let (gradient, before) = (random(width), random(width))
    var out = before
    var span = out.mutableSpan
    Kernels.rmsNormBackward(
      x.span, weight: weight.span, epsilon: 1e-3, outGradient: gradient.span, addingTo: &span)
    let expected = differences(x.map(Double.init), gradient.map(Double.init)) { x in
      let mean = x.reduce(0) { $0 + $1 * $1 } / Double(width)
      return zip(x, weight).map { $0 * Double($1) / (mean + 1e-3).squareRoot() }
    }
    for i in 0..<width { #expect(abs(Double(out[i] - before[i]) - expected[i]) < 1e-4) }
  }

  @Test mutating func `the rotation is transposed`() {
    let (tokens, heads, half) = (5, 3, 4)
    let width = 2 * half
    // Cosines and sines of no angle, as scaled embeddings have them.
    let angles = RotaryAngles(
      half: half, cosines: random(tokens * half), sines: random(tokens * half))
    let (x, gradient) = (random(tokens * heads * width), random(tokens * heads * width))
    var split = [Float](repeating: 0, count: x.count)
    var splitSpan = split.mutableSpan
    Kernels.splitHeads(
      x.span, heads: heads, width: width, angles: angles, into: &splitSpan,
      outStride: tokens * width)
    var merged = [Float](repeating: 0, count: x.count)
    var mergedSpan = merged.mutableSpan
    Kernels.mergeHeadsBackward(
      gradient.span, heads: heads, tokens: tokens, angles: angles, into: &mergedSpan)
    func product(_ a: [Float], _ b: [Float]) -> Double {
      zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    #expect(abs(product(split, gradient) - product(x, merged)) < 1e-4)
  }

  @Test mutating func `softmax, and what it hides has no gradient`() {
    let columns = 21
    let scores = random(columns)
    var p = scores
    var pSpan = p.mutableSpan
    Kernels.softmax(&pSpan)
    func softmax(_ x: [Double]) -> [Double] {
      let weights = x.map { exp($0 * 0.25) }
      return weights.map { $0 / weights.reduce(0, +) }
    }
    let exact = softmax(scores.map { 4 * Double($0) })
    for i in 0..<columns { #expect(abs(Double(p[i]) - exact[i]) < 1e-6) }

    let probabilities = softmax(scores.map(Double.init)).map { Float($0) }
    let gradient = random(columns)
    var scaled = gradient + gradient
    var span = scaled.mutableSpan
    // A second row that sees one key alone.
    Kernels.softmaxBackward(
      (probabilities + [1] + [Float](repeating: 0, count: columns - 1)).span, columns: columns,
      scale: 0.25, gradient: &span)
    let expected = differences(scores.map(Double.init), gradient.map(Double.init), softmax)
    for i in 0..<columns {
      #expect(abs(Double(scaled[i]) - expected[i]) < 1e-5)
      #expect(scaled[columns + i] == 0)
    }
  }

  @Test mutating func `SwiGLU over the whole range`() {
    let gate: [Float] = random(50, scale: 5) + [0, -0.0, 100, -100]
    let (up, gradient) = (random(gate.count), random(gate.count))
    var (gateOut, upOut) = (gate, up)
    var gateSpan = gateOut.mutableSpan
    var upSpan = upOut.mutableSpan
    Kernels.siluMultiplyBackward(&gateSpan, &upSpan, outGradient: gradient.span)
    for i in gate.indices {
      let (x, g) = (Double(gate[i]), Double(gradient[i]))
      let sigmoid = 1 / (1 + exp(-x))
      let slope = sigmoid * (1 + x * (1 - sigmoid))
      #expect(abs(Double(gateOut[i]) - g * Double(up[i]) * slope) <= 2e-6 * max(1, abs(x)))
      #expect(abs(Double(upOut[i]) - g * x * sigmoid) <= 2e-6 * max(1, abs(x)))
    }
  }

  @Test mutating func `draws follow the distribution`() {
    let p: [Float] = [0, 0.125, 0.25, 0, 0.5, 0.125, 0]
    var counts = [Int](repeating: 0, count: p.count)
    for i in 0..<1024 { counts[Kernels.draw(Double(i) / 1024, from: p.span)] += 1 }
    #expect(counts == [0, 128, 256, 0, 512, 128, 0])
    #expect(Kernels.draw((1.0).nextDown, from: p.span) == 5)
    // Sums that are not 1, and numbers that are none.
    #expect(Kernels.draw(0.6, from: [1, 1].span) == 1)
    #expect((0..<2).contains(Kernels.draw(0.6, from: [.nan, .nan].span)))
  }

  @Test mutating func `variances, squares and scaled rows`() {
    var p = random(37).map { abs($0) / 4 }
    p[36] = 1
    var sums = [Double](repeating: 1, count: 37)
    let total = Kernels.addVariances(p.span, to: &sums)
    var expected = 0.0
    for i in p.indices {
      let variance = Double(p[i]) * (1 - Double(p[i]))
      #expect(abs(sums[i] - 1 - variance) < 1e-12)
      expected += variance
    }
    #expect(abs(total - expected) < 1e-9)
    let squares = p.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(abs(Kernels.sumOfSquares(p.span) - squares) < 1e-9)
    var rows: [Float] = [1, 2, 3, 4, 5, 6]
    Kernels.scaleRows(&rows, by: [2, 0, -1])
    #expect(rows == [2, 4, 0, 0, -5, -6])
  }
}
