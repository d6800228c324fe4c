import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKCodec

/// The chunk of a first plane, whose parts have frequencies of their own.
@Suite struct FirstPlaneChunkTests {
  /// Level 0 of 512 × 1024 with one outlier in 300 elements, whose excesses have three significant
  /// bits; without them when `hasList` is false.
  private static func payload(
    vectors: VectorType = .log8, hasList: Bool = true
  ) throws -> (bytes: [UInt8], layout: FirstPlaneLayout) {
    var generator = SeededGenerator(seed: 21)
    var positions: [UInt32] = []
    for element in 0..<(512 * 1024) where Int.random(in: 0..<300, using: &generator) == 0 {
      positions.append(UInt32(element))
    }
    if !hasList { positions = [] }
    let list = SparseList(
      positions: positions,
      excess: positions.map { _ in
        let exponent = UInt16(12 - Int.random(in: 1..<16, using: &generator).trailingZeroBitCount)
        return UInt16.random(in: 0...1, using: &generator) << 15 | exponent << 10
          | UInt16.random(in: 0..<4, using: &generator) << 8
      })
    let layout = try MatrixRecord(
      name: "m", sourceType: .f32, rows: 512, columns: 1024, kind: .nestedPlanes, levelCount: 1,
      outlierCount: positions.count
    ).firstPlaneLayout(vectors: vectors)
    var bytes = [UInt8](repeating: 0, count: layout.byteCount)
    bytes.replaceSubrange(..<layout.plane.byteCount, with: generator.bytes(64 << 10))
    for part in [layout.u, layout.v] {
      for at in part.elements {
        // The sum of four dice; of fp16, low bytes are noise.
        let isNoise = vectors == .f16 && (at - part.elements.lowerBound) % 2 == 0
        bytes[at] =
          isNoise
          ? UInt8.random(in: 0...255, using: &generator)
          : (0..<4).reduce(0) { sum, _ in sum + UInt8.random(in: 0..<16, using: &generator) }
      }
    }
    bytes.replaceSubrange(layout.gaps.lowerBound..<layout.excess.upperBound, with: list.bytes)
    return (bytes, layout)
  }

  private static func size(_ frame: [UInt8]?) -> Int { frame?.count ?? .max }

  @Test(arguments: [VectorType.log8, .f16]) func partsApartAreShorterThanTogether(
    _ vectors: VectorType
  ) throws {
    let (bytes, layout) = try Self.payload(vectors: vectors)
    let chunk = try ChunkEncoder().encode(bytes.span, .firstPlane(layout))
    let zstd = try ZstdCompressor()
    var contents = [bytes]
    if let (range, width) = ChunkLayout.firstPlane(layout).bytePlanes {
      contents.append(BytePlanes.split(bytes.span, range, width: width))
    }
    for content in contents {
      for level in [6, 19] {
        let whole = Self.size(try zstd.compress(content.span, level: level))
        #expect(chunk.stored.count < whole)
      }
      #expect(chunk.stored.count < Self.size(try zstd.compressLiterals(content.span)))
    }
    #expect(chunk.codec == (vectors == .f16 ? .zstdPlanes : .zstd))
    #expect(
      ZstdFrameProfile.fault(in: chunk.stored.span, contentByteCount: bytes.count) == nil)
  }

  /// 9.7 bits are the entropy of a gap, 4.6 that of an excess.
  @Test func theListCostsLittleMoreThanItsEntropy() throws {
    let (bytes, layout) = try Self.payload()
    let (without, bare) = try Self.payload(hasList: false)
    let encoder = try ChunkEncoder()
    let list =
      try encoder.encode(bytes.span, .firstPlane(layout)).stored.count
      - encoder.encode(without.span, .firstPlane(bare)).stored.count
    #expect(8 * Double(list) / Double(layout.outlierCount) < 14.9)
  }

  @Test func whatIsEncodedIsDecoded() throws {
    for (vectors, hasList) in [(VectorType.log8, true), (.f16, true), (.bf16, false)] {
      let (bytes, layout) = try Self.payload(vectors: vectors, hasList: hasList)
      let chunk = try ChunkEncoder().encode(bytes.span, .firstPlane(layout))
      let manifest = try Manifest(
        matrices: [
          MatrixRecord(
            name: "m", sourceType: .f32, rows: 512, columns: 1024, kind: .nestedPlanes,
            levelCount: 1, outlierCount: layout.outlierCount)
        ], objects: [],
        chunks: [
          ChunkRecord(
            digest: chunk.digest, storedByteCount: chunk.stored.count, codec: chunk.codec,
            contents: .block(matrix: 0, level: 0, rank: 1, vectors: vectors))
        ], extensions: IndexExtensions())
      #expect(try ChunkDecoder().decode(chunk.stored.span, chunk: 0, of: manifest) == bytes)
    }
  }
}
