/// Appends little-endian values to a growing byte array.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  mutating func u8(_ value: UInt8) { bytes.append(value) }

  mutating func u16(_ value: UInt16) { append(UInt64(value), count: 2) }

  mutating func u32(_ value: UInt32) { append(UInt64(value), count: 4) }

  mutating func u64(_ value: UInt64) { append(value, count: 8) }

  mutating func f32(_ value: Float) { u32(value.bitPattern) }

  mutating func f64(_ value: Double) { u64(value.bitPattern) }

  mutating func digest(_ value: Digest) {
    for word in value.words { u64(word) }
  }

  mutating func zeros(_ count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

  mutating func raw(_ values: some Sequence<UInt8>) { bytes.append(contentsOf: values) }

  /// Appends zeros until the byte count is a multiple of `alignment`.
  mutating func pad(to alignment: Int) {
    zeros(bytes.count.roundedUp(to: alignment) - bytes.count)
  }

  private mutating func append(_ value: UInt64, count: Int) {
    for shift in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
  }
}
