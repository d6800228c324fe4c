import BSTKFormat
import Testing

@Suite struct NestedPlaneLayoutTests {
  private static func record(
    _ rows: Int, _ columns: Int, levels: Int = 8, outliers: Int = 0
  ) -> MatrixRecord {
    MatrixRecord(
      name: "m", sourceType: .f16, rows: rows, columns: columns, kind: .nestedPlanes,
      levelCount: levels, outlierCount: outliers)
  }

  @Test(arguments: [
    // rows, columns, vectors, outliers, then by the Spec's table where u, v, the factor and the
    // list begin, and how long both kinds of payload are.
    (1, 1, VectorType.f16, 0, 8, 16, 24, 32, 32, 16),
    (2, 9, .f16, 1, 8, 16, 40, 48, 56, 16), (4, 11, .bf16, 3, 8, 16, 40, 48, 72, 16),
    (3, 8, .i8, 0, 8, 16, 32, 40, 40, 16), (5, 17, .log8, 2, 16, 32, 56, 64, 80, 24),
    (4096, 14_336, .f16, 0, 7_340_032, 7_348_224, 7_376_896, 7_376_904, 7_376_904, 7_340_040),
  ])
  func partsStandWhereTheSpecSays(
    rows: Int, columns: Int, vectors: VectorType, outliers: Int, u: Int, v: Int, factor: Int,
    list: Int, end: Int, refinementEnd: Int
  ) throws {
    let record = Self.record(rows, columns, outliers: outliers)
    let first = try record.firstPlaneLayout(vectors: vectors)
    #expect(first.plane.byteCount == rows * ((columns + 7) / 8))
    #expect(first.u.bytes.lowerBound == u)
    #expect(first.u.elements.count == rows * vectors.elementByteCount)
    #expect(first.v.bytes.lowerBound == v)
    #expect(first.v.elements.count == columns * vectors.elementByteCount)
    #expect(first.factor == factor)
    #expect(first.gain == factor + 4)
    #expect(first.gaps == list..<(list + 4 * outliers))
    #expect(first.excess.count == 2 * outliers)
    #expect(first.byteCount == end)
    let refinement = try record.refinementLayout()
    #expect(refinement.byteCount == refinementEnd)
    #expect(refinement.gain == refinementEnd - 8)
  }

  /// The codecs that the Spec allows for each block.
  @Test func codecsOfBlocks() throws {
    let record = Self.record(3, 9)
    for vectors in VectorType.allCases {
      let layout = ChunkLayout.firstPlane(try record.firstPlaneLayout(vectors: vectors))
      #expect(layout.allows(.raw) && layout.allows(.zstd) && !layout.allows(.zstdMirrored))
      #expect(layout.allows(.zstdPlanes) == (vectors == .f16 || vectors == .bf16))
      #expect(layout.bytePlanes?.range == (vectors.elementByteCount == 2 ? 8..<40 : nil))
    }
    let refinement = ChunkLayout.refinement(try record.refinementLayout())
    #expect(ChunkCodec.allCases.filter(refinement.allows) == [.raw, .zstd, .zstdMirrored])
    let file = ChunkLayout.file(byteCount: 9)
    #expect(ChunkCodec.allCases.filter(file.allows) == [.raw, .zstd])
    let tensor = ChunkLayout.tensor(byteCount: 8, elementByteCount: 2)
    #expect(ChunkCodec.allCases.filter(tensor.allows) == [.raw, .zstd, .zstdPlanes])
  }

  @Test(arguments: [
    (MatrixKind.nestedPlanes, 0, 0, VectorType?.some(.f16), BSTKError.Code.shape),
    (.nestedPlanes, 0, 2, .f16, .shape), (.nestedPlanes, 0, 1, nil, .unknownKind),
    (.nestedPlanes, 1, 1, nil, .shape), (.nestedPlanes, 1, 0, .f16, .reserved),
    (.signBlocks, 0, 0, nil, .shape), (.signBlocks, 0, 1, nil, .unknownKind),
  ])
  func impossibleBlocks(
    kind: MatrixKind, level: Int, rank: Int, vectors: VectorType?, code: BSTKError.Code
  ) {
    let record = MatrixRecord(
      name: "m", sourceType: .f32, rows: 4, columns: 4, kind: kind, levelCount: 2)
    let error = #expect(throws: BSTKError.self) {
      try record.layout(ofLevel: level, rank: rank, vectors: vectors)
    }
    #expect(error?.code == code)
  }

  @Test func theLongestPayloads() throws {
    // A plane of 128 MiB leaves no room for anything else.
    let error = #expect(throws: BSTKError.self) {
      try Self.record(1 << 20, 1 << 10).refinementLayout()
    }
    #expect(error?.code == .limit)
    let most = Self.record((1 << 20) - 1, 1 << 10)
    #expect(try UInt64(most.refinementLayout().byteCount) == Limits.chunkByteCount - 120)
    #expect(throws: BSTKError.self) { try most.firstPlaneLayout(vectors: .log8) }
  }
}
