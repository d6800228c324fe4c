/// The log8 storage of magnitude vectors: per component one scale, then a byte b per value, which
/// is scale · 2^(−b/16), or 0 where b = 255.
///
/// Powers of two by sixteenths are constants, so that bytes and values do not depend on a maths
/// library.
enum Log8Vectors {
  private static let zero: UInt8 = 255
  private static let largestExponent: UInt8 = 254

  /// 2^(−j/16).
  private static let fractions: [Double] = [
    1, 0.9576032806985737, 0.9170040432046712, 0.8781260801866497, 0.8408964152537145,
    0.8052451659746271, 0.7711054127039704, 0.7384130729697497, 0.7071067811865476,
    0.6771277734684463, 0.6484197773255048, 0.620928906036742, 0.5946035575013605,
    0.5693943173783458, 0.5452538663326288, 0.5221368912137069,
  ]

  /// 2^((2j+1)/32): between the exponents j and j + 1.
  private static let borders: [Double] = [
    1.0218971486541166, 1.0671404006768237, 1.1143867425958924, 1.1637248587775775,
    1.215247359980469, 1.2690509571917332, 1.3252366431597413, 1.383909881963832,
    1.4451808069770467, 1.5091644275934228, 1.5759808451078865, 1.6457554781539649,
    1.718619298122478, 1.7947090750031072, 1.8741676341103, 1.9571441241754002,
  ]

  static func encode(
    _ values: Span<Float>, rank: Int, length: Int, axis: ComponentAxis, byteCount: Int
  ) throws(NumericsError) -> [UInt8] {
    for index in values.indices where values[index] < 0 { throw .negativeValue(index: index) }
    let peaks = ScaledVectors.peaks(values, rank: rank, length: length, axis: axis)
    return [UInt8](capacity: byteCount) { output in
      ScaledVectors.append(peaks, to: &output)
      for index in values.indices {
        let peak = peaks[axis.component(of: index, rank: rank, length: length)]
        output.append(nearestExponent(of: values[index], below: peak))
      }
    }
  }

  static func decode(
    _ bytes: Span<UInt8>, rank: Int, length: Int, axis: ComponentAxis,
    into values: inout MutableSpan<Float>
  ) {
    let scales = ScaledVectors.scales(bytes, rank: rank)
    for index in values.indices {
      let byte = bytes[4 * rank + index]
      let scale = scales[axis.component(of: index, rank: rank, length: length)]
      // A scale that is no number is passed on whatever the byte.
      values[index] = byte == zero && scale.isFinite ? 0 : scaled(scale, by: byte)
    }
  }

  private static func scaled(_ scale: Float, by exponent: UInt8) -> Float {
    let fraction = fractions[Int(exponent % 16)]
    return Float(
      Double(scale) * Double(sign: .plus, exponent: -Int(exponent / 16), significand: fraction))
  }

  /// The byte whose value is nearest in logarithm; the last one for positive values below them all.
  private static func nearestExponent(of value: Float, below peak: Float) -> UInt8 {
    guard value > 0 else { return zero }
    let ratio = Double(peak) / Double(value)
    let octaves = Int(ratio.exponent)
    guard octaves < 16 else { return largestExponent }
    let steps = borders.count { $0 <= ratio.significand }
    return UInt8(min(16 * octaves + steps, Int(largestExponent)))
  }
}
