import BSTKFormat
import BSTKTestSupport
import Testing

@testable import BSTKCodec

@Suite struct MirroredPlaneTests {
  @Test func onlyThePlaneIsMirrored() {
    let bytes: [UInt8] = [0xF0, 0x0F, 0xAA, 7, 8]
    let first: [UInt8] = [0xFF, 0x0F, 0x55, 1]
    let mirrored = MirroredPlane.exclusiveOr(bytes.span, first.span, byteCount: 3)
    #expect(mirrored == [0x0F, 0x00, 0xFF, 7, 8])
    #expect(MirroredPlane.exclusiveOr(mirrored.span, first.span, byteCount: 3) == bytes)
    #expect(MirroredPlane.exclusiveOr(bytes.span, first.span, byteCount: 0) == bytes)
  }

  /// A plane of a matrix of 16 × 1000 of which one bit in twenty differs from the first.
  private static func planes() throws -> (first: [UInt8], second: [UInt8], ChunkLayout) {
    let record = MatrixRecord(
      name: "m", sourceType: .f32, rows: 16, columns: 1000, kind: .nestedPlanes, levelCount: 2)
    let layout = try record.refinementLayout()
    var generator = SeededGenerator(seed: 3)
    let first = generator.bytes(layout.plane.byteCount)
    var second = first + [UInt8](repeating: 0, count: 8)
    for bit in 0..<(8 * first.count) where Int.random(in: 0..<20, using: &generator) == 0 {
      second[bit / 8] ^= 1 << UInt8(bit % 8)
    }
    return (first, second, .refinement(layout))
  }

  @Test func aPlaneThatIsLikeTheFirstIsStoredMirrored() throws {
    let (first, second, layout) = try Self.planes()
    let encoder = try ChunkEncoder()
    let chunk = try encoder.encode(second.span, layout, firstPlane: first.span)
    #expect(chunk.codec == .zstdMirrored)
    #expect(chunk.stored.count < second.count / 2)
    #expect(try encoder.encode(second.span, layout).codec == .raw)
    let other = [UInt8](repeating: 0, count: first.count)
    #expect(try encoder.encode(second.span, layout, firstPlane: other.span).codec == .raw)
  }

  /// Where bits are independent, bytes on their own are close to what entropy allows, and no level
  /// of zstd comes closer.
  @Test(arguments: [6, 19]) func mirroredPlanesAreToldByteByByte(level: Int) throws {
    let (first, second, layout) = try Self.planes()
    let mirrored = MirroredPlane.exclusiveOr(
      second.span, first.span, byteCount: first.count)
    let zstd = try ZstdCompressor()
    let literals = try #require(try zstd.compressLiterals(mirrored.span))
    let matches = try #require(try zstd.compress(mirrored.span, level: level))
    #expect(literals.count < matches.count)
    // 0.286 bits a bit are the entropy.
    #expect(Double(literals.count) < 0.33 * Double(first.count))
    let chunk = try ChunkEncoder().encode(second.span, layout, firstPlane: first.span)
    #expect(chunk.stored == literals)
  }
}
