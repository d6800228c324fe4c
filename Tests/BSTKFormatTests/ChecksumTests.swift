import Testing

@testable import BSTKFormat

@Suite struct ChecksumTests {
  /// RFC 3720 appendix B.4, and the check value of the catalogue of CRCs.
  static let vectors: [(bytes: [UInt8], checksum: UInt32)] = [
    (Array("123456789".utf8), 0xE306_9283),
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ([UInt8](0..<32), 0x46DD_794E),
    ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
    ([], 0),
  ]

  @Test(arguments: vectors.indices) func knownVectors(_ number: Int) {
    let (bytes, checksum) = Self.vectors[number]
    #expect(CRC32C.checksum(bytes.span) == checksum)
  }
}
