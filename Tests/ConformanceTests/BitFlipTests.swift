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
    for bit in 0..<(8 * end) where Self.fault(in: Self.flipped(fixture.bytes, bit)) == nil {
      unnoticed.append(bit)
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

  static func flipped(_ bytes: [UInt8], _ bit: Int) -> [UInt8] {
    var bytes = bytes
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    return bytes
  }

  /// The files of nested planes with one bit of a chunk flipped and its hash set right, so that only
  /// the rules for its contents can notice.
  static func flippedChunks(_ file: RawFile, every step: Int = 1) -> [[UInt8]] {
    file.chunks.indices.flatMap { chunk in
      stride(from: 0, to: 8 * file.chunks[chunk].stored.count, by: step).map { bit in
        var file = file
        file.chunks[chunk].stored = flipped(file.chunks[chunk].stored, bit)
        return file.bytes()
      }
    }
  }

  /// The same of header and index.
  static func flippedManifests(_ file: RawFile, every step: Int = 1) -> [[UInt8]] {
    let bytes = file.bytes()
    return stride(from: 0, to: 8 * (256 + file.index().count), by: step).map { bit in
      var bytes = flipped(bytes, bit)
      Seal.index(&bytes)
      return bytes
    }
  }

  @Test(arguments: [RawFile.tinyPlanes(), .nested(), .parts()])
  func everyBitOfAChunkBehindItsHashIsANumberOrAFault(_ file: RawFile) {
    var outcomes: [String: Int] = [:]
    for bytes in Self.flippedChunks(file) {
      outcomes[MutationTests.outcome(bytes), default: 0] += 1
    }
    let known: Set = ["valid", "PADDING", "FLOAT", "SHAPE", "CODEC"]
    #expect(Set(outcomes.keys).isSubset(of: known), "\(outcomes)")
    // Most bits are signs and vectors, where every value has a meaning.
    for outcome in known.subtracting(["CODEC"]) { #expect(outcomes[outcome, default: 0] > 0) }
  }

  @Test(arguments: [RawFile.tinyPlanes(), .nested(), .parts()])
  func everyBitOfAManifestBehindItsHashIsClassified(_ file: RawFile) {
    var outcomes: [String: Int] = [:]
    for bytes in Self.flippedManifests(file) {
      outcomes[MutationTests.outcome(bytes), default: 0] += 1
    }
    // Minor version, flags, source types, letters of names: what may be otherwise.
    #expect(outcomes["valid", default: 0] > 0)
    for code in ["MAGIC", "VERSION", "FLAG", "RESERVED", "LIMIT", "TABLE", "LAYOUT", "SHAPE"] {
      #expect(outcomes[code, default: 0] > 0, "\(code)")
    }
  }
}
