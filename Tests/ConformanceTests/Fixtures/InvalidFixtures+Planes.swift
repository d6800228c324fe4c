extension InvalidFixtures {
  static var planeRecords: [FixtureCase] {
    [
      planes("levels-over-limit", "17", "LIMIT") { $0.matrices[1].levels = 9 },
      planes("elements-over-limit", "17", "LIMIT") {
        $0.matrices[1].rows = 1 << 16
        $0.matrices[1].columns = 1 << 14 + 1
      },
      planes("outliers-over-elements", "4.1", "SHAPE") { $0.matrices[1].outliers = 45 },
      planes("reserved", "4.1", "RESERVED") { $0.matrices[1].reserved[0] = 1 },
      planes("payload-over-limit", "17", "LIMIT") {
        $0.matrices[1].rows = 1 << 20
        $0.matrices[1].columns = 1 << 10
      },
      planes("first-rank-zero", "4.3", "SHAPE") { $0.chunks[3].rank = 0 },
      planes("first-rank-two", "4.3", "SHAPE") { $0.chunks[3].rank = 2 },
      planes("first-vectors-zero", "16.5", "UNKNOWN_KIND") { $0.chunks[3].vectors = 0 },
      planes("later-rank", "4.3", "SHAPE") { $0.chunks[4].rank = 1 },
      planes("later-vectors", "4.3", "RESERVED") { $0.chunks[4].vectors = 1 },
      planes("base-levels-swapped", "7", "LAYOUT") { $0.chunks.swapAt(3, 4) },
      planes("base-level-missing", "7", "LAYOUT") { $0.matrices[1].baseLevels = 4 },
      planes("base-level-too-many", "7", "LAYOUT") { $0.matrices[1].baseLevels = 2 },
      planes("stack-repeats-base", "7", "ORDER") { $0.chunks[12].level = 2 },
      planes("stack-skips-level", "7", "ORDER") { $0.chunks[12].level = 4 },
      shortened("mirrored-tile", 0, codec: 3),
      shortened("mirrored-sign-block", 1, codec: 3),
      shortened("mirrored-first-plane", 3, codec: 3),
      shortened("byte-planes-of-later-plane", 4, codec: 2),
      shortened("byte-planes-of-int8", 6, codec: 2),
      shortened("byte-planes-of-log8", 7, codec: 2),
      planes("mirrored-not-shorter", "8", "CHUNK_LENGTH") { $0.chunks[9].codec = 3 },
    ]
  }

  static var planePayloads: [FixtureCase] {
    // Chunk 3 is level 0 of 4 × 11 with 3 outliers and binary16 vectors: plane in 0..<8, u in 8..<16,
    // v in 16..<38, factor at 40, gain at 44, gaps in 48..<60, excess in 60..<66, 72 bytes; the
    // positions are 7, 22 and 36.
    // Chunk 4 is its level 1: plane in 0..<8, gain at 8. Chunk 6 is level 0 of 3 × 8 in int8: plane in
    // 0..<3, u in 8..<15, v in 16..<28. Chunk 7 is 4 × 160 in log8: scale of u at 80, of v at 88.
    [
      payload("padding-after-plane", "PADDING", 6, 3, [1]),
      payload("padding-after-u", "PADDING", 6, 15, [1]),
      payload("padding-after-v", "PADDING", 3, 38, [1]),
      payload("padding-at-end", "PADDING", 3, 66, [0x80]),
      payload("padding-after-later-plane", "PADDING", 9, 7, [1]),
      payload("padding-after-gain", "PADDING", 4, 12, [1]),
      payload("pad-bits-of-first-row", "PADDING", 3, 1, [0x01]),
      payload("pad-bits-of-last-row", "PADDING", 3, 7, [0x10]),
      payload("pad-bits-of-later-plane", "PADDING", 4, 5, [0x1F]),
      payload("u-infinite", "FLOAT", 3, 8, [0x00, 0x7C]),
      payload("v-nan", "FLOAT", 3, 36, [0x01, 0xFE]),
      payload("int8-scale-nan", "FLOAT", 6, 8, [0x00, 0x00, 0xC0, 0x7F]),
      payload("log8-scale-infinite", "FLOAT", 7, 88, [0x00, 0x00, 0x80, 0xFF]),
      number("factor-nan", 3, 40, .nan), number("factor-infinite", 3, 40, -.infinity),
      number("gain-infinite", 3, 44, .infinity),
      number("gain-over-limit", 3, 44, Float(1024).nextUp),
      number("gain-below-limit", 3, 44, -1025),
      number("later-gain-nan", 4, 8, .nan),
      number("later-gain-over-limit", 4, 8, -Float(1024).nextUp),
      gap("first-position-beyond-matrix", 0, 44),
      gap("position-beyond-matrix", 2, 21),
      gap("positions-pushed-beyond-matrix", 1, 22),
      // 8 + (2^32 - 8) is 0 in 32 bits, and 23 + (2^32 - 1) is 22.
      gap("position-wraps-to-zero", 1, UInt32.max - 7),
      gap("position-wraps", 2, .max),
      payload("excess-infinite", "FLOAT", 3, 63, [0x7C]),
      payload("excess-nan", "FLOAT", 3, 65, [0xFC]),
      .edited("planes-position-beyond-matrix-and-excess-nan", "18", "SHAPE", .verify, of: .nested())
      {
        $0.chunks[3].stored[50] = 44
        $0.chunks[3].stored[65] = 0xFC
      },
      // 2,048 · 2^109 alone reaches the bound.
      number("bound-of-factor", 3, 40, 0x1p109),
      .edited("planes-bound-of-vectors", "9.2", "FLOAT", .verify, of: .nested()) {
        $0.chunks[7].store(0x1p60, at: 80)
        $0.chunks[7].store(0x1p60, at: 88)
        $0.chunks[7].store(0x1p-30, at: 256)
      },
      .edited("planes-bound-of-all", "9.2", "FLOAT", .verify, of: .nested()) {
        $0.chunks[3].store(0x1p108, at: 40)
        $0.chunks[3].stored.replaceSubrange(36..<38, with: [0x00, 0x44])
      },
      .edited("mirrored-not-a-frame", "8.3", "CODEC", .verify, of: .nested()) {
        $0.chunks[8].stored[0] ^= 1
      },
      .edited("mirrored-pad-bits", "8.3", "PADDING", .verify, of: mirroredWithPadBits()) { _ in },
    ]
  }

  /// Planes of 4 × 150 whose second one is stored mirrored, with a bit behind the last of a row.
  private static func mirroredWithPadBits() -> RawFile {
    var model = RawModel(seed: 8)
    model.planes("m", 4, 150, levels: 2)
    var file = model.assembled()
    var payload = file.chunks[1].stored
    payload.replaceSubrange(..<76, with: file.chunks[0].stored[..<76])
    payload[37] ^= 1
    file.chunks[1].codec = 3
    file.chunks[1].stored = ZstdFrame(Planes.mirror(payload, file.chunks[0].stored, 76)).bytes
    return file
  }

  private static func planes(
    _ name: String, _ clause: String, _ code: String, _ edit: (inout RawFile) -> Void
  ) -> FixtureCase {
    .edited("planes-\(name)", clause, code, of: .nested(), edit)
  }

  /// A chunk with a codec that it may not have, of a length that would do.
  private static func shortened(_ name: String, _ chunk: Int, codec: UInt8) -> FixtureCase {
    .edited("planes-\(name)", "8", "UNKNOWN_KIND", of: .nested()) {
      $0.chunks[chunk].codec = codec
      $0.chunks[chunk].stored.removeLast()
    }
  }

  private static func payload(
    _ name: String, _ code: String, _ chunk: Int, _ offset: Int, _ bytes: [UInt8]
  ) -> FixtureCase {
    .edited("planes-\(name)", "9.2", code, .verify, of: .nested()) {
      $0.chunks[chunk].stored.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    }
  }

  /// A gap in the list of chunk 3, which has three entries.
  private static func gap(_ name: String, _ entry: Int, _ gap: UInt32) -> FixtureCase {
    .edited("planes-\(name)", "9.2", "SHAPE", .verify, of: .nested()) {
      for (plane, byte) in gap.littleEndianBytes.enumerated() {
        $0.chunks[3].stored[48 + 3 * plane + entry] = byte
      }
    }
  }

  private static func number(
    _ name: String, _ chunk: Int, _ offset: Int, _ value: Float
  ) -> FixtureCase {
    payload(name, "FLOAT", chunk, offset, value.bitPattern.littleEndianBytes)
  }
}

extension RawFile.Chunk {
  /// Replaces a binary32 of the stored bytes.
  mutating func store(_ value: Float, at offset: Int) {
    stored.replaceSubrange(offset..<(offset + 4), with: value.bitPattern.littleEndianBytes)
  }
}
