/// What the storage types with one binary32 scale per component share.
enum ScaledVectors {
  /// The largest magnitude of each component.
  static func peaks(
    _ values: Span<Float>, rank: Int, length: Int, axis: ComponentAxis
  ) -> [Float] {
    var peaks = [Float](repeating: 0, count: rank)
    for index in values.indices {
      let component = axis.component(of: index, rank: rank, length: length)
      peaks[component] = max(peaks[component], abs(values[index]))
    }
    return peaks
  }

  static func append(_ scales: [Float], to output: inout OutputSpan<UInt8>) {
    for scale in scales {
      for shift in [0, 8, 16, 24] {
        output.append(UInt8(truncatingIfNeeded: scale.bitPattern >> UInt32(shift)))
      }
    }
  }

  /// The scales at the start of `bytes`.
  static func scales(_ bytes: Span<UInt8>, rank: Int) -> [Float] {
    (0..<rank).map { index in
      var bits: UInt32 = 0
      for byte in 0..<4 { bits |= UInt32(bytes[4 * index + byte]) << UInt32(8 * byte) }
      return Float(bitPattern: bits)
    }
  }
}
