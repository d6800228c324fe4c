/// The int8 storage of magnitude vectors: per component one scale, symmetric integers in -127...127.
enum Int8Vectors {
  static func encode(
    _ values: Span<Float>, rank: Int, length: Int, axis: ComponentAxis, byteCount: Int
  ) -> [UInt8] {
    let scales = scales(values, rank: rank, length: length, axis: axis)
    return [UInt8](capacity: byteCount) { output in
      for scale in scales {
        for shift in [0, 8, 16, 24] {
          output.append(UInt8(truncatingIfNeeded: scale.bitPattern >> UInt32(shift)))
        }
      }
      for index in 0..<values.count {
        let scale = scales[component(of: index, rank: rank, length: length, axis: axis)]
        let ratio = scale > 0 ? values[index] / scale : 0
        let integer = Int8(max(-127, min(127, ratio.rounded(.toNearestOrEven))))
        output.append(UInt8(bitPattern: integer))
      }
    }
  }

  static func decode(
    _ bytes: Span<UInt8>, rank: Int, length: Int, axis: ComponentAxis,
    into values: inout MutableSpan<Float>
  ) {
    let scales = (0..<rank).map { index in
      var bits: UInt32 = 0
      for byte in 0..<4 { bits |= UInt32(bytes[4 * index + byte]) << UInt32(8 * byte) }
      return Float(bitPattern: bits)
    }
    for index in 0..<values.count {
      let integer = Int8(bitPattern: bytes[4 * rank + index])
      let scale = scales[component(of: index, rank: rank, length: length, axis: axis)]
      values[index] = scale * Float(integer)
    }
  }

  /// The largest magnitude of each component over 127.
  private static func scales(
    _ values: Span<Float>, rank: Int, length: Int, axis: ComponentAxis
  ) -> [Float] {
    var peaks = [Float](repeating: 0, count: rank)
    for index in values.indices {
      let component = component(of: index, rank: rank, length: length, axis: axis)
      peaks[component] = max(peaks[component], abs(values[index]))
    }
    return peaks.map { $0 / 127 }
  }

  private static func component(
    of index: Int, rank: Int, length: Int, axis: ComponentAxis
  ) -> Int {
    switch axis {
    case .columns: index % rank
    case .rows: index / length
    }
  }
}
