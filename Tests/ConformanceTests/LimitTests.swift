import BSTKCodec
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

/// Limits that take more than a few kilobytes to reach: accepted at the limit, rejected above.
@Suite struct LimitTests {
  /// A file whose header and index have exactly `byteCount` bytes, by means of an extension that
  /// nobody knows.
  private static func file(manifestByteCount byteCount: Int, isLarge: Bool) -> [UInt8] {
    var file = RawFile.tiny()
    file.incompatible = isLarge ? 1 : 0
    let rest = byteCount - 256 - file.index().count - 8
    file.extensions = RawExtensions.record(0xFFFF, [UInt8](repeating: 7, count: rest))
    return file.bytes()
  }

  @Test(arguments: [false, true], [-8, 0, 8])
  func manifestLength(isLarge: Bool, difference: Int) throws {
    let limit = isLarge ? 16 << 20 : 1 << 20
    let bytes = Self.file(manifestByteCount: limit + difference, isLarge: isLarge)
    if difference > 0 {
      let error = #expect(throws: BSTKError.self) { try ModelFile(MemorySource(bytes)) }
      #expect(error?.code == .limit)
    } else {
      let file = try ModelFile(MemorySource(bytes))
      #expect(file.manifest.header.indexEnd == UInt64(limit + difference))
      #expect(try file.verify().fault == nil)
    }
  }

  @Test func blockPayload() throws {
    let most = try BlockLayout(rows: 32_768, columns: 32_752, rank: 1, vectors: .i8)
    #expect(UInt64(most.byteCount) == Limits.chunkByteCount)
    let error = #expect(throws: BSTKError.self) {
      try BlockLayout(rows: 32_768, columns: 32_753, rank: 1, vectors: .i8)
    }
    #expect(error?.code == .limit)
  }

  @Test func ratio() throws {
    for (difference, code) in [(0, nil), (1, BSTKError.Code.ratio)] {
      var model = RawModel()
      let payload = [UInt8](repeating: 9, count: 64 * 13 + difference)
      model.file("x", payload)
      var file = model.assembled()
      file.chunks[0].codec = 1
      file.chunks[0].stored = ZstdFrame(payload).bytes
      try #require(file.chunks[0].stored.count == 13)
      let bytes = file.bytes()
      if let code {
        let error = #expect(throws: BSTKError.self) { try ModelFile(MemorySource(bytes)) }
        #expect(error?.code == code)
      } else {
        let model = try ModelFile(MemorySource(bytes))
        #expect(try model.object(0, decoder: ChunkDecoder()) == payload)
      }
    }
  }

  @Test func tilesEndBetweenRows() throws {
    let shapes: [(dimensions: [Int], tiles: [Int])] = [
      // Rows of 3 MiB: two fit into 8 MiB.
      ([5, 3 << 20], [6 << 20, 6 << 20, 3 << 20]),
      // Rows of 9 MiB: one each.
      ([2, 9 << 20], [9 << 20, 9 << 20]),
      // One dimension: 8 MiB each.
      ([(16 << 20) + 1], [8 << 20, 8 << 20, 1]),
      ([1, 2, 3], [6]),
      ([], [1]),
    ]
    for (dimensions, tiles) in shapes {
      let record = ObjectRecord(name: "t", contents: .tensor(.u8, dimensions: dimensions))
      try record.validate()
      #expect((0..<record.tileCount).map { record.byteCount(ofTile: $0) } == tiles)
    }
  }
}
