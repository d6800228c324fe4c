import BSTKTestSupport

/// Payloads of blocks put together from their parts, as the Spec's section 9 says.
enum RawPayload {
  /// A block of random signs and moderate vectors.
  ///
  /// - Parameter vectors: 1 binary16, 2 bfloat16, 3 signed bytes with scales, 4 logarithms.
  static func block(
    rows: Int, columns: Int, rank: Int, vectors: UInt8, using generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = signs(count: rows * columns, using: &generator)
    pad(&bytes)
    for length in [rows, columns] {
      bytes += self.vectors(vectors, count: length, rank: rank, using: &generator)
      pad(&bytes)
    }
    return bytes
  }

  /// Random moderate vectors.
  static func vectors(
    _ type: UInt8, count: Int, rank: Int, using generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    if type >= 3 {
      for _ in 0..<rank { bytes += scale(using: &generator).bitPattern.littleEndianBytes }
      return bytes + generator.bytes(count * rank)
    }
    for _ in 0..<(count * rank) {
      bytes +=
        (type == 1 ? half(using: &generator) : brain(using: &generator)).littleEndianBytes
    }
    return bytes
  }

  /// Numbers that binary16 holds exactly.
  static func halves(_ values: [Double]) -> [UInt8] {
    values.flatMap { value -> [UInt8] in
      let fraction = UInt16((value.significand - 1) * 1024)
      return (UInt16(value.exponent + 15) << 10 | fraction).littleEndianBytes
    }
  }

  /// Random sign bits with zeros behind the last one.
  static func signs(count: Int, using generator: inout SeededGenerator) -> [UInt8] {
    var bytes = generator.bytes((count + 7) / 8)
    if count % 8 != 0 { bytes[bytes.count - 1] &= 0xFF << UInt8(8 - count % 8) }
    return bytes
  }

  static func pad(_ bytes: inout [UInt8]) {
    while bytes.count % 8 != 0 { bytes.append(0) }
  }

  /// A binary16 between 1/16 and 4.
  private static func half(using generator: inout SeededGenerator) -> UInt16 {
    let exponent = UInt16.random(in: 11...16, using: &generator)
    return UInt16.random(in: 0...1, using: &generator) << 15 | exponent << 10
      | UInt16.random(in: 0..<1024, using: &generator)
  }

  /// A bfloat16 between 1/16 and 4.
  private static func brain(using generator: inout SeededGenerator) -> UInt16 {
    let exponent = UInt16.random(in: 123...128, using: &generator)
    return UInt16.random(in: 0...1, using: &generator) << 15 | exponent << 7
      | UInt16.random(in: 0..<128, using: &generator)
  }

  private static func scale(using generator: inout SeededGenerator) -> Float {
    Float(UInt32.random(in: 1..<65536, using: &generator)) / 4_194_304
  }
}
