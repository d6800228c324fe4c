extension InvalidFixtures {
  static var records: [FixtureCase] { matrices + objects + chunkRecords }

  private static var matrices: [FixtureCase] {
    [
      .edited("matrix-kind-zero", "16.1", "UNKNOWN_KIND") { $0.matrices[0].kind = 0 },
      .edited("matrix-kind-unknown", "16.1", "UNKNOWN_KIND") { $0.matrices[1].kind = 3 },
      .edited("matrix-source-zero", "4.1", "UNKNOWN_KIND") { $0.matrices[0].sourceType = 0 },
      .edited("matrix-source-f64", "4.1", "UNKNOWN_KIND") { $0.matrices[0].sourceType = 4 },
      .edited("matrix-reserved", "4.1", "RESERVED") { $0.matrices[1].reserved[7] = 1 },
      .edited("matrix-rows-zero", "4.1", "SHAPE") { $0.matrices[0].rows = 0 },
      .edited("matrix-columns-zero", "4.1", "SHAPE") { $0.matrices[0].columns = 0 },
      .edited("matrix-rows-over-limit", "17", "LIMIT") { $0.matrices[0].rows = 1 << 20 + 1 },
      .edited("matrix-columns-wrap", "17", "LIMIT") { $0.matrices[0].columns = .max },
      .edited("matrix-levels-zero", "17", "LIMIT") { $0.matrices[0].levels = 0 },
      .edited("matrix-levels-over-limit", "17", "LIMIT") { $0.matrices[0].levels = 65 },
      .edited("matrix-base-levels-zero", "17", "LIMIT") { $0.matrices[1].baseLevels = 0 },
      .edited("matrix-base-levels-over-levels", "17", "LIMIT") { $0.matrices[1].baseLevels = 3 },
      .edited("matrix-outliers-of-sign-blocks", "4.1", "RESERVED") { $0.matrices[0].outliers = 1 },
    ]
  }

  private static var objects: [FixtureCase] {
    [
      .edited("object-kind-zero", "16.2", "UNKNOWN_KIND") { $0.objects[0].kind = 0 },
      .edited("object-kind-unknown", "16.2", "UNKNOWN_KIND") { $0.objects[0].kind = 3 },
      .edited("object-kind-zero-ignorable", "16.2", "UNKNOWN_KIND") { $0.objects[0].kind = 0x80 },
      .edited("auxiliary-ignorable", "16.2", "UNKNOWN_KIND") { $0.objects[0].kind = 0x81 },
      .edited("tensor-ignorable", "16.2", "UNKNOWN_KIND") { $0.objects[2].kind = 0x82 },
      .edited("element-type-zero", "16.6", "UNKNOWN_KIND") { $0.objects[1].type = 0 },
      .edited("element-type-reserved", "16.6", "UNKNOWN_KIND") { $0.objects[1].type = 14 },
      .edited("element-type-scaled", "16.6", "UNKNOWN_KIND") { $0.objects[1].type = 32 },
      .edited("tensor-dimensions-five", "17", "LIMIT") { $0.objects[1].dimensionCount = 5 },
      .edited("tensor-unused-dimension", "4.2", "RESERVED") { $0.objects[1].dimensions[3] = 1 },
      .edited("tensor-byte-length", "4.2", "RESERVED") { $0.objects[1].byteCount = 64 },
      .edited("object-reserved-5", "4.2", "RESERVED") { $0.objects[0].reserved[0] = 1 },
      .edited("object-reserved-47", "4.2", "RESERVED") { $0.objects[2].moreReserved[15] = 1 },
      .edited("auxiliary-type", "4.2", "RESERVED") { $0.objects[0].type = 1 },
      .edited("auxiliary-dimension-count", "4.2", "RESERVED") { $0.objects[0].dimensionCount = 1 },
      .edited("auxiliary-dimension", "4.2", "RESERVED") { $0.objects[0].dimensions[0] = 1 },
      .edited("auxiliary-over-limit", "17", "LIMIT") { $0.objects[0].byteCount = 64 << 20 + 1 },
      .edited("auxiliary-length-wraps", "17", "LIMIT") { $0.objects[0].byteCount = .max },
      .edited("tensor-dimension-zero", "6", "SHAPE") { $0.objects[1].dimensions[1] = 0 },
      .edited("tensor-product-wraps", "17", "LIMIT") {
        $0.objects[1].dimensionCount = 4
        $0.objects[1].dimensions = [.max, .max, .max, .max]
      },
      .edited("tensor-product-wraps-to-small", "17", "LIMIT") {
        $0.objects[1].dimensionCount = 3
        $0.objects[1].dimensions = [1 << 31, 1 << 31, 2, 0]
      },
      .edited("tensor-over-limit", "17", "LIMIT") {
        $0.objects[1].dimensions = [1 << 20, 1 << 19 + 1, 0, 0]
      },
      .edited("tensor-row-over-limit", "17", "LIMIT") {
        $0.objects[1].dimensions = [2, 1 << 26 + 1, 0, 0]
      },
    ]
  }

  private static var chunkRecords: [FixtureCase] {
    [
      .edited("stored-length-zero", "4.3", "CHUNK_LENGTH") { $0.chunks[3].statedByteCount = 0 },
      .edited("stored-length-over-limit", "17", "LIMIT") {
        $0.chunks[3].statedByteCount = 1 << 27 + 1
      },
      .edited("codec-unknown", "16.3", "UNKNOWN_KIND") { $0.chunks[0].codec = 4 },
      .edited("chunk-kind-zero", "16.4", "UNKNOWN_KIND") { $0.chunks[7].kind = 0 },
      .edited("chunk-kind-unknown", "16.4", "UNKNOWN_KIND") { $0.chunks[7].kind = 3 },
      .edited("vectors-zero", "16.5", "UNKNOWN_KIND") { $0.chunks[5].vectors = 0 },
      .edited("vectors-unknown", "16.5", "UNKNOWN_KIND") { $0.chunks[5].vectors = 5 },
      .edited("tile-level", "4.3", "RESERVED") { $0.chunks[0].level = 1 },
      .edited("tile-rank", "4.3", "RESERVED") { $0.chunks[0].rank = 1 },
      .edited("tile-vectors", "4.3", "RESERVED") { $0.chunks[0].vectors = 1 },
      .edited("chunk-reserved", "4.3", "RESERVED") { $0.chunks[7].reserved = 1 },
      .edited("rank-zero", "4.3", "SHAPE") { $0.chunks[3].rank = 0 },
      .edited("rank-over-columns", "4.3", "SHAPE") { $0.chunks[3].rank = 6 },
      .edited("rank-over-limit", "17", "LIMIT") {
        $0.matrices[0].rows = 2048
        $0.matrices[0].columns = 2048
        $0.chunks[3].rank = 1025
      },
      .edited("block-over-limit", "17", "LIMIT") {
        $0.matrices[0].rows = 1 << 20
        $0.matrices[0].columns = 1 << 20
      },
      .edited("raw-length-short", "8", "CHUNK_LENGTH") { $0.chunks[3].stored.removeLast() },
      .edited("raw-length-long", "8", "CHUNK_LENGTH") { $0.chunks[0].stored.append(0) },
      .edited("compressed-not-shorter", "8", "CHUNK_LENGTH") { $0.chunks[3].codec = 1 },
      .edited("ratio", "17", "RATIO") {
        $0.objects[0].byteCount = 64 * 20 + 1
        $0.chunks[0].codec = 1
        $0.chunks[0].stored = [UInt8](repeating: 1, count: 20)
      },
      .edited("planes-of-file", "8.2", "UNKNOWN_KIND") {
        $0.objects[0].byteCount = 40
        $0.chunks[0].codec = 2
        $0.chunks[0].stored = ZstdFrame([UInt8](repeating: 1, count: 40)).bytes
      },
      .edited("planes-of-int8", "8.2", "UNKNOWN_KIND") {
        $0.chunks[6].codec = 2
        $0.chunks[6].stored = Array($0.chunks[6].stored.dropLast(9))
      },
    ]
  }
}
