/// The int8 storage of magnitude vectors: per component one scale, symmetric integers in -127...127.
enum Int8Vectors {
  static func encode(
    _ values: Span<Float>, rank: Int, length: Int, axis: ComponentAxis, byteCount: Int
  ) -> [UInt8] {
    let scales = ScaledVectors.peaks(values, rank: rank, length: length, axis: axis).map {
      $0 / 127
    }
    return [UInt8](capacity: byteCount) { output in
      ScaledVectors.append(scales, to: &output)
      for index in 0..<values.count {
        let scale = scales[axis.component(of: index, rank: rank, length: length)]
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
    let scales = ScaledVectors.scales(bytes, rank: rank)
    for index in 0..<values.count {
      let integer = Int8(bitPattern: bytes[4 * rank + index])
      let scale = scales[axis.component(of: index, rank: rank, length: length)]
      values[index] = scale * Float(integer)
    }
  }
}
