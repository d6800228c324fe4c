import BSTKCodec
import BSTKFormat

/// Making hashes and checksums right again after bytes were changed.
enum Seal {
  /// Recomputes the header's checksum.
  static func header(_ file: inout [UInt8]) {
    let checksum = crc32c(file[..<252])
    file.replaceSubrange(252..<256, with: checksum.littleEndianBytes)
  }

  /// Recomputes the index's hash, as far as the index is there, and the header's checksum.
  static func index(_ file: inout [UInt8]) {
    let length = file[40..<48].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let end = 256 + Int(min(length, UInt64(file.count - 256)))
    let index = Array(file[256..<end])
    file.replaceSubrange(128..<160, with: SHA256Hasher.digest(of: index.span).bytes)
    header(&file)
  }

  /// CRC-32C bit by bit, as the Spec defines it.
  static func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    return ~crc
  }
}
