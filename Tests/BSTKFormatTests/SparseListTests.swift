import BSTKFormat
import BSTKTestSupport
import Testing

@Suite struct SparseListTests {
  private static func layout(_ rows: Int, _ columns: Int, _ count: Int) throws -> FirstPlaneLayout {
    try MatrixRecord(
      name: "m", sourceType: .f32, rows: rows, columns: columns, kind: .nestedPlanes, levelCount: 1,
      outlierCount: count
    ).firstPlaneLayout(vectors: .f16)
  }

  /// Zeros but for the list.
  private static func payload(_ layout: FirstPlaneLayout, _ list: [UInt8]) -> [UInt8] {
    var payload = [UInt8](repeating: 0, count: layout.byteCount)
    payload.replaceSubrange(layout.gaps.lowerBound..<layout.excess.upperBound, with: list)
    return payload
  }

  @Test func gapsAndExcessesStandByTheirBytes() {
    let list = SparseList(positions: [5, 6, 0x0102_0309], excess: [0x1234, 0x5678, 0x9ABC])
    // Gaps 5, 0 and 0x01020302.
    #expect(
      list.bytes == [5, 0, 2, 0, 0, 3, 0, 0, 2, 0, 0, 1, 0x34, 0x78, 0xBC, 0x12, 0x56, 0x9A])
    #expect(SparseList(positions: [], excess: []).bytes.isEmpty)
    #expect(SparseList(positions: [7], excess: [0x4200]).bytes == [7, 0, 0, 0, 0, 0x42])
  }

  @Test(arguments: [0, 1, 2, 100, 12_000]) func whatIsWrittenIsRead(count: Int) throws {
    let (rows, columns) = (300, 1000)
    var generator = SeededGenerator(seed: UInt64(count))
    var positions: Set<UInt32> = []
    while positions.count < count {
      positions.insert(UInt32.random(in: 0..<UInt32(rows * columns), using: &generator))
    }
    let list = SparseList(
      positions: positions.sorted(),
      excess: (0..<count).map { _ in UInt16.random(in: 0..<0x7C00, using: &generator) })
    let layout = try Self.layout(rows, columns, count)
    let payload = Self.payload(layout, list.bytes)
    try layout.validate(payload.span, chunk: 0)
    #expect(SparseList(in: payload.span, layout) == list)
  }

  @Test func noSumOfGapsLeavesTheMatrix() throws {
    let layout = try Self.layout(2, 9, 2)
    func code(_ gaps: [UInt32]) -> BSTKError.Code? {
      let bytes = (0..<4).flatMap { plane in
        gaps.map { UInt8(truncatingIfNeeded: $0 >> (8 * plane)) }
      }
      let payload = Self.payload(layout, bytes + [0, 0, 0, 0])
      do {
        try layout.validate(payload.span, chunk: 0)
        return nil
      } catch { return error.code }
    }
    #expect(code([0, 0]) == nil)
    #expect(code([0, 16]) == nil)
    #expect(code([16, 0]) == nil)
    #expect(code([0, 17]) == .shape)
    #expect(code([17, 0]) == .shape)
    #expect(code([18, 0]) == .shape)
    // Sums that would be small in 32 bits.
    #expect(code([5, .max]) == .shape)
    #expect(code([5, .max - 5]) == .shape)
    #expect(code([.max, 0]) == .shape)
    #expect(code([.max, .max]) == .shape)
  }
}
