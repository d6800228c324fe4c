/// Records of the extension area.
enum RawExtensions {
  static func record(_ type: UInt16, flags: UInt16 = 1, _ payload: [UInt8]) -> [UInt8] {
    var bytes = type.littleEndianBytes + flags.littleEndianBytes
    bytes += UInt32(payload.count).littleEndianBytes + payload
    while bytes.count % 8 != 0 { bytes.append(0) }
    return bytes
  }

  static func worths(_ values: [Float]) -> [UInt8] {
    record(2, values.flatMap(\.bitPattern.littleEndianBytes))
  }

  static func quality(
    metric: UInt16 = 1, label: [UInt8] = Array("text, window 8".utf8), count: UInt32? = nil,
    source: Double = 31.5, reserved: UInt32 = 0, points: [(chunkCount: UInt32, value: Double)]
  ) -> [UInt8] {
    var bytes = metric.littleEndianBytes + UInt16(label.count).littleEndianBytes
    bytes += (count ?? UInt32(points.count)).littleEndianBytes
    bytes += source.bitPattern.littleEndianBytes + label
    while bytes.count % 8 != 0 { bytes.append(0) }
    for point in points {
      bytes += point.chunkCount.littleEndianBytes + reserved.littleEndianBytes
      bytes += point.value.bitPattern.littleEndianBytes
    }
    return record(3, bytes)
  }
}
