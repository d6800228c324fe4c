/// CRC-32C (Castagnoli polynomial, reflected), as RFC 3720 section 12.1 uses it.
///
/// Guards the header against accidents only; tampering is the SHA-256 chain's business.
enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in
      crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1
    }
  }

  /// The checksum of all of `bytes`.
  static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
    var crc = ~UInt32(0)
    for index in bytes.indices {
      crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[index])]
    }
    return ~crc
  }
}
