import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

/// No single bit of a file can change unnoticed.
@Suite struct BitFlipTests {
  static let small = ValidFixtures.all.filter { $0.bytes.count <= 3000 }

  @Test(arguments: small) func everyFlippedBitIsNoticed(_ fixture: FixtureCase) throws {
    let manifest = try ModelFile(MemorySource(fixture.bytes)).manifest
    // Bytes of an unfinished chunk are ignored, so nobody can vouch for them.
    let end = Int(
      manifest.byteCount(ofChunks: manifest.chunkCount(inBytes: UInt64(fixture.bytes.count))))
    var unnoticed: [Int] = []
    for bit in 0..<(8 * end) {
      var bytes = fixture.bytes
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      if Self.fault(in: bytes) == nil { unnoticed.append(bit) }
    }
    #expect(unnoticed.isEmpty)
  }

  private static func fault(in bytes: [UInt8]) -> BSTKError? {
    do {
      // Decoding proves nothing that the hashes have not proved.
      return try ModelFile(MemorySource(bytes)).verify(hashesOnly: true).fault
    } catch {
      return error
    }
  }
}
