extension InvalidFixtures {
  static var order: [FixtureCase] {
    [
      .edited("order-levels-swapped", "7", "ORDER") { $0.chunks.swapAt(5, 7) },
      .edited("order-level-repeated", "7", "ORDER") { $0.chunks[7].level = 1 },
      .edited("order-level-missing", "7", "ORDER") { $0.chunks[5].level = 2 },
      .edited("order-level-zero-in-stack", "7", "ORDER") { $0.chunks[5].level = 0 },
      .edited("order-level-beyond-matrix", "7", "ORDER") {
        $0.matrices[0].levels = 2
        $0.matrices[1].levels = 3
      },
      .edited("order-level-wraps", "7", "ORDER") { $0.chunks[5].level = .max },
      .edited("owner-beyond-matrices", "4.3", "TABLE") { $0.chunks[5].owner = 2 },
      .edited("owner-wraps", "4.3", "TABLE") { $0.chunks[5].owner = .max },
      .edited("base-owner-wraps", "7", "LAYOUT") { $0.chunks[0].owner = .max },
      .edited("base-tiles-swapped", "7", "LAYOUT") { $0.chunks.swapAt(1, 2) },
      .edited("base-blocks-swapped", "7", "LAYOUT") { $0.chunks.swapAt(3, 4) },
      .edited("base-block-before-tile", "7", "LAYOUT") { $0.chunks.swapAt(2, 3) },
      .edited("base-level-in-stack", "7", "LAYOUT") { $0.chunks.swapAt(4, 5) },
      .edited("base-level-one", "7", "LAYOUT") { $0.chunks[3].level = 1 },
      .edited("tile-in-stack", "7", "LAYOUT") {
        $0.chunks[5] = RawFile.Chunk(stored: [0], kind: 1, owner: 0)
        $0.statedBaseChunkCount = 5
      },
      .edited("chunks-too-few", "7", "TABLE") { $0.matrices[0].levels = 4 },
      .edited("chunks-too-many", "7", "TABLE") { $0.matrices[0].levels = 2 },
      .edited("chunks-fewer-than-base", "7", "TABLE") { $0.objects[0].byteCount = 64 << 20 },
    ]
  }

  static var chunks: [FixtureCase] {
    [
      flipped("hash-first-chunk", 0), flipped("hash-middle-chunk", 4),
      flipped("hash-last-chunk", 7),
      .edited("hash-in-table", "8", "CHUNK_HASH", .verify) {
        $0.chunks[6].statedDigest = [UInt8](repeating: 0xAA, count: 32)
      },
      .damaged("chunks-never-written", "12", "CHUNK_HASH", .verify) { bytes in
        for index in sample.offset(ofChunk: 5)..<bytes.count { bytes[index] = 0 }
      },
      .damaged("overlong-and-damaged", "18", "OVERLONG", .use) {
        $0[sample.offset(ofChunk: 0)] ^= 1
        $0 += [0]
      },
      .damaged("overlong-and-last-chunk-damaged", "18", "OVERLONG", .use) {
        $0[sample.offset(ofChunk: 7)] ^= 1
        $0 += [0]
      },
      .damaged("too-short-and-damaged", "18", "TOO_SHORT", .use) {
        $0[sample.offset(ofChunk: 0)] ^= 1
        $0 = Array($0[..<Int(chunkEnd(4) - 1)])
      },
      .damaged("padding-after-index", "6", "PADDING", .verify) { $0[indexEnd] = 1 },
      .damaged("padding-between-chunks", "6", "PADDING", .verify) {
        $0[sample.offset(ofChunk: 6) - 1] = 0x80
      },
    ]
  }

  private static func flipped(_ name: String, _ chunk: Int) -> FixtureCase {
    .damaged(name, "8", "CHUNK_HASH", .verify) { $0[sample.offset(ofChunk: chunk)] ^= 1 }
  }

  static var blocks: [FixtureCase] {
    // Chunk 3 is 5 × 7 of rank 1 in binary16: signs in 0..<5, U in 8..<18, V^T in 24..<38, 40 bytes.
    // Chunk 4 is 4 × 8 of rank 2 in bfloat16: U from 8. Chunk 6 is rank 1 in int8: scale at 8.
    [
      payload("pad-bits", "PADDING", 3, 4, [0x01]),
      payload("padding-after-signs", "PADDING", 3, 5, [0x01]),
      payload("padding-after-u", "PADDING", 3, 18, [0x80]),
      payload("padding-at-end", "PADDING", 3, 39, [0x01]),
      payload("f16-infinite-first", "FLOAT", 3, 8, [0x00, 0x7C]),
      payload("f16-nan-in-u", "FLOAT", 3, 16, [0x01, 0xFE]),
      payload("f16-minus-infinite-last", "FLOAT", 3, 36, [0x00, 0xFC]),
      payload("bf16-infinite", "FLOAT", 4, 8, [0x80, 0x7F]),
      payload("bf16-nan", "FLOAT", 4, 10, [0x81, 0xFF]),
      payload("int8-scale-nan", "FLOAT", 6, 8, [0x00, 0x00, 0xC0, 0x7F]),
      payload("int8-scale-infinite", "FLOAT", 6, 16, [0x00, 0x00, 0x80, 0xFF]),
      // Scales of 2^53 reach 2^60 with a byte of −128; 2^120 is too much.
      .edited("block-bound", "9.1", "FLOAT", .verify) {
        for offset in [8, 16] { $0.chunks[6].store(0x1p53, at: offset) }
      },
      // However small the other side is: a reader may multiply scale and byte first.
      .edited("block-bound-of-one-side", "9.1", "FLOAT", .verify) {
        $0.chunks[6].store(0x1p126, at: 8)
        $0.chunks[6].store(0x1p-100, at: 16)
      },
      // Bfloat16 vectors of 2^60 in both components: each product is just within the bound.
      .edited("block-bound-of-sum", "9.1", "FLOAT", .verify) {
        let large: [UInt8] = [0x80, 0x5D]
        for at in [8, 10] { $0.chunks[4].stored.replaceSubrange(at..<(at + 2), with: large) }
        let almost: [UInt8] = [0x7F, 0x5D]
        for at in [24, 40] { $0.chunks[4].stored.replaceSubrange(at..<(at + 2), with: almost) }
      },
    ]
  }

  private static func payload(
    _ name: String, _ code: String, _ chunk: Int, _ offset: Int, _ bytes: [UInt8]
  ) -> FixtureCase {
    .edited("block-\(name)", "9.1", code, .verify) {
      $0.chunks[chunk].stored.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    }
  }
}
