#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Cosines and sines for consecutive positions, each positions × `half`.
package struct RotaryAngles: Sendable {
  let half: Int
  let cosines: [Float]
  let sines: [Float]
}

extension RotaryEmbedding {
  /// Angular frequency of each pair of components, in radians a position, for a text of
  /// `sequenceLength` tokens. Only `dynamic` scaling depends on the length.
  public func frequencies(sequenceLength: Int) -> [Float] {
    switch scaling {
    case .none:
      return plainFrequencies(base: base)
    case .linear(let factor):
      return plainFrequencies(base: base).map { $0 / Float(factor) }
    case .dynamic(let factor, let maximumPositions):
      let length = Double(max(sequenceLength, maximumPositions))
      let width = Double(headDimension)
      // A head of two components has one frequency, 1, whatever the base.
      guard headDimension > 2 else { return plainFrequencies(base: base) }
      let growth = factor * length / Double(maximumPositions) - (factor - 1)
      return plainFrequencies(base: base * pow(growth, width / (width - 2)))
    case .llama3(let factor, let low, let high, let original):
      return plainFrequencies(base: base).map { frequency in
        let wavelength = 2 * Double.pi / Double(frequency)
        if wavelength > Double(original) / low { return Float(Double(frequency) / factor) }
        if wavelength < Double(original) / high { return frequency }
        let smooth = (Double(original) / wavelength - low) / (high - low)
        return Float((1 - smooth) * Double(frequency) / factor + smooth * Double(frequency))
      }
    case .yarn(let factor, let betaFast, let betaSlow, let original, let truncates, _):
      return yarnFrequencies(
        factor: factor, betaFast: betaFast, betaSlow: betaSlow, original: original,
        truncates: truncates)
    }
  }

  /// The tables for positions `first..<first + count` of a text of `sequenceLength` tokens.
  package func angles(first: Int, count: Int, sequenceLength: Int) -> RotaryAngles {
    let frequencies = frequencies(sequenceLength: sequenceLength)
    var cosines: [Float] = []
    var sines: [Float] = []
    cosines.reserveCapacity(count * frequencies.count)
    sines.reserveCapacity(count * frequencies.count)
    for position in first..<first + count {
      for frequency in frequencies {
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(cos(angle)) * attentionFactor)
        sines.append(Float(sin(angle)) * attentionFactor)
      }
    }
    return RotaryAngles(half: frequencies.count, cosines: cosines, sines: sines)
  }

  /// base^(-2i / width), rounded to fp32 where the transformers library rounds.
  private func plainFrequencies(base: Double) -> [Float] {
    (0..<headDimension / 2).map { i in
      1 / Float(pow(base, Double(Float(2 * i) / Float(headDimension))))
    }
  }

  private func yarnFrequencies(
    factor: Double, betaFast: Double, betaSlow: Double, original: Int, truncates: Bool
  ) -> [Float] {
    let width = Double(headDimension)
    // The component whose wave turns `rotations` times within the original context.
    func component(rotations: Double) -> Double {
      width * log(Double(original) / (rotations * 2 * .pi)) / (2 * log(base))
    }
    var low = component(rotations: betaFast)
    var high = component(rotations: betaSlow)
    if truncates {
      low = low.rounded(.down)
      high = high.rounded(.up)
    }
    low = max(low, 0)
    high = min(high, width - 1)
    if low == high { high += 0.001 }
    return plainFrequencies(base: base).enumerated().map { i, frequency in
      let ramp = min(max((Double(i) - low) / (high - low), 0), 1)
      return Float(Double(frequency) / factor * ramp + Double(frequency) * (1 - ramp))
    }
  }
}
