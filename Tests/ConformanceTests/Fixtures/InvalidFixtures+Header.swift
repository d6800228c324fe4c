extension InvalidFixtures {
  static var header: [FixtureCase] {
    [
      .damaged("empty", "12", "TOO_SHORT") { $0 = [] },
      .damaged("cut-in-magic", "12", "TOO_SHORT") { $0 = Array($0[..<7]) },
      .damaged("cut-in-header", "12", "TOO_SHORT") { $0 = Array($0[..<255]) },
      .damaged("magic-web-page", "3", "MAGIC") { $0 = Array("<!DOCTYPE html>".utf8) },
      .damaged("magic-one-letter", "3", "MAGIC") { $0[4] = 0x6B },
      .damaged("magic-line-ends", "3", "MAGIC") { $0.remove(at: 5) },
      .damaged("magic-seven-bit", "3", "MAGIC") { $0[0] = 0x09 },
      .damaged("header-crc", "3", "HEADER_CRC") { $0[252] ^= 1 },
      .damaged("header-flipped", "3", "HEADER_CRC") { $0[48] ^= 0x40 },
      .patched("version-zero", "15", "VERSION") { $0[8] = 0 },
      .patched("version-next", "15", "VERSION") { $0[8] = 2 },
      .patched("version-swapped", "15", "VERSION") { $0.replaceSubrange(8..<10, with: [0, 1]) },
      .patched("header-length", "3", "LAYOUT") { $0[13] = 2 },
      .patched("flag-incompat-1", "15", "FLAG") { $0[16] = 2 },
      .patched("flag-incompat-63", "15", "FLAG") { $0[23] = 0x80 },
      .patched("reserved-header-84", "3", "RESERVED") { $0[84] = 1 },
      .patched("reserved-header-127", "3", "RESERVED") { $0[127] = 0x80 },
      .patched("reserved-header-160", "3", "RESERVED") { $0[160] = 1 },
      .patched("reserved-header-251", "3", "RESERVED") { $0[251] = 1 },
      number("index-length-wraps", "17", "LIMIT", at: 40, UInt64.max),
      number("index-length-over-limit", "17", "LIMIT", at: 40, UInt64(1 << 20) - 256 + 8),
      .patched("index-length-over-large-limit", "17", "LIMIT") {
        $0[16] = 1
        $0.replaceSubrange(40..<48, with: (UInt64(16 << 20) - 256 + 8).littleEndianBytes)
      },
      number("base-end-over-limit", "17", "LIMIT", at: 48, UInt64(1) << 53 + 1),
      number("file-length-over-limit", "17", "LIMIT", at: 56, UInt64.max),
      number("matrix-count-over-limit", "17", "LIMIT", at: 64, UInt32(65_537)),
      number("object-count-over-limit", "17", "LIMIT", at: 68, UInt32(65_537)),
      number("chunk-count-over-limit", "17", "LIMIT", at: 72, UInt32(262_145)),
      number("chunk-count-wraps", "17", "LIMIT", at: 72, UInt32.max),
      number("name-pool-wraps", "3", "TABLE", at: 76, UInt32.max),
      number("extension-area-wraps", "3", "TABLE", at: 80, UInt32.max),
      number(
        "index-length-too-long", "3", "TABLE", at: 40, UInt64(RawFile.sample().index().count) + 8),
      number("matrix-count-too-low", "3", "TABLE", at: 64, UInt32(1)),
      .damaged("no-chunks", "3", "TABLE") { $0 = withoutChunks() },
      .damaged("many-records-claimed", "12", "TOO_SHORT") { $0 = manyRecordsClaimed() },
      number("base-end-in-index", "3", "LAYOUT", at: 48, UInt64(300)),
      number("base-end-at-index-end", "3", "LAYOUT", at: 48, UInt64(indexEnd)),
      number("base-end-beyond-file", "3", "LAYOUT", at: 48, UInt64(1 << 20)),
      number("base-end-in-chunk", "6", "LAYOUT", at: 48, UInt64(sample.offset(ofChunk: 4) + 1)),
      number("base-end-at-other-chunk", "6", "LAYOUT", at: 48, chunkEnd(3)),
      number("file-length-too-long", "6", "LAYOUT", at: 56, chunkEnd(7) + 1),
      number("file-length-too-short", "6", "LAYOUT", at: 56, chunkEnd(7) - 1),
      .damaged("index-cut", "12", "TOO_SHORT") { $0 = Array($0[..<(indexEnd - 1)]) },
      .damaged("index-hash", "14", "INDEX_HASH") { $0[463] ^= 0x10 },
      .damaged("index-hash-in-header", "14", "INDEX_HASH") {
        $0[128] ^= 1
        Seal.header(&$0)
      },
      .damaged("cut-in-base", "12", "TOO_SHORT", .use) { $0 = Array($0[..<Int(chunkEnd(4) - 1)]) },
      .damaged("cut-after-index", "12", "TOO_SHORT", .use) { $0 = Array($0[..<indexEnd]) },
      .damaged("overlong-by-one", "12", "OVERLONG", .use) { $0 += [0] },
      .damaged("overlong-archive", "12", "OVERLONG", .use) { $0 += Array("PK\u{3}\u{4}".utf8) },
    ]
  }

  static var sample: RawFile { .sample() }

  static var indexEnd: Int { 256 + sample.index().count }

  static func chunkEnd(_ number: Int) -> UInt64 {
    UInt64(sample.offset(ofChunk: number) + sample.chunks[number].stored.count)
  }

  /// The sample with another number in its header.
  private static func number(
    _ name: String, _ clause: String, _ code: String, at offset: Int,
    _ value: some FixedWidthInteger & UnsignedInteger
  ) -> FixtureCase {
    .damaged(name, clause, code) {
      let bytes = value.littleEndianBytes
      $0.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
      Seal.header(&$0)
    }
  }

  private static func withoutChunks() -> [UInt8] {
    var model = RawModel()
    model.file("empty", [])
    return model.assembled().bytes()
  }

  /// A file of a few bytes whose header speaks of 65,536 matrices and 262,144 chunks.
  private static func manyRecordsClaimed() -> [UInt8] {
    var bytes = Array(sample.bytes()[..<300])
    let length = UInt64(32 * 65_536 + 48 * 262_144)
    bytes[16] = 1
    bytes.replaceSubrange(40..<48, with: length.littleEndianBytes)
    bytes.replaceSubrange(48..<56, with: (length + 320).littleEndianBytes)
    bytes.replaceSubrange(56..<64, with: (length + 320).littleEndianBytes)
    bytes.replaceSubrange(64..<68, with: UInt32(65_536).littleEndianBytes)
    bytes.replaceSubrange(68..<72, with: UInt32(0).littleEndianBytes)
    bytes.replaceSubrange(72..<76, with: UInt32(262_144).littleEndianBytes)
    bytes.replaceSubrange(76..<80, with: UInt32(0).littleEndianBytes)
    Seal.header(&bytes)
    return bytes
  }
}
