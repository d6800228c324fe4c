import BSTKFormat
import Testing

@Suite struct BlockLayoutTests {
  @Test(arguments: [
    // rows, columns, rank, vectors, start of U, start of V^T, all bytes: by the Spec's table.
    (1, 1, 1, VectorType.f16, 8, 16, 24), (3, 5, 1, .f16, 8, 16, 32), (8, 8, 1, .f16, 8, 24, 40),
    (5, 7, 2, .bf16, 8, 32, 64), (3, 9, 3, .i8, 8, 32, 72),
    (4096, 4096, 16, .f16, 2_097_152, 2_228_224, 2_359_296),
  ])
  func partsStandWhereTheSpecSays(
    rows: Int, columns: Int, rank: Int, vectors: VectorType, u: Int, vt: Int, end: Int
  ) throws {
    let layout = try BlockLayout(rows: rows, columns: columns, rank: rank, vectors: vectors)
    #expect(layout.signs.lowerBound == 0)
    #expect(layout.signByteCount == (rows * columns + 7) / 8)
    #expect(layout.u.lowerBound == u)
    #expect(layout.vt.lowerBound == vt)
    #expect(layout.byteCount == end)
    #expect(layout.padding.last?.upperBound == end)
  }

  @Test(arguments: [
    (0, 1, 1, BSTKError.Code.shape), (1, 0, 1, .shape), (-1, 1, 1, .shape), (2, 2, 0, .shape),
    (2, 2, -1, .shape), (2, 9, 3, .shape), (2000, 2000, 1025, .limit), (1 << 21, 1, 1, .shape),
    (1 << 20, 1 << 20, 1, .limit), (.max, .max, .max, .shape),
  ])
  func impossibleBlocks(rows: Int, columns: Int, rank: Int, code: BSTKError.Code) {
    let error = #expect(throws: BSTKError.self) {
      try BlockLayout(rows: rows, columns: columns, rank: rank, vectors: .f16)
    }
    #expect(error?.code == code)
  }

  @Test func payloadsOfAnotherLengthAreRefused() throws {
    let layout = try BlockLayout(rows: 3, columns: 5, rank: 1, vectors: .f16)
    let payload = [UInt8](repeating: 0, count: layout.byteCount + 1)
    let error = #expect(throws: BSTKError.self) { try layout.validate(payload.span, chunk: 4) }
    #expect(error?.code == .chunkLength)
    #expect(error?.section == .chunk(4))
  }
}
