import BSTKCodec
import BSTKFormat
import Testing

/// Tensors that are stored in parts.
@Suite struct MatrixTensorTests {
  private static func part(
    _ name: String, from firstRow: Int, _ rows: Int, columns: Int = 1,
    source: ElementType = .f32, kind: MatrixKind = .signBlocks
  ) -> MatrixRecord {
    MatrixRecord(
      name: name, sourceType: source, firstRow: firstRow, rows: rows, columns: columns, kind: kind,
      levelCount: 1)
  }

  /// A file whose matrices have one level each, all of them raw.
  private static func manifest(_ matrices: [MatrixRecord]) throws(BSTKError) -> Manifest {
    var chunks: [ChunkRecord] = []
    for (number, matrix) in matrices.enumerated() {
      // What is wrong with a record is told before any chunk is looked at.
      let layout = try? matrix.layout(ofLevel: 0, rank: 1, vectors: .f16)
      chunks.append(
        ChunkRecord(
          digest: .zero, storedByteCount: layout?.byteCount ?? 24, codec: .raw,
          contents: .block(matrix: number, level: 0, rank: 1, vectors: .f16)))
    }
    return try Manifest(
      matrices: matrices, objects: [], chunks: chunks, extensions: IndexExtensions())
  }

  private static func code(_ matrices: [MatrixRecord]) -> BSTKError.Code? {
    do throws(BSTKError) {
      _ = try manifest(matrices)
      return nil
    } catch { return error.code }
  }

  @Test func partsMakeTensors() throws {
    let matrices = [
      Self.part("a", from: 0, 2, source: .bf16), Self.part("b", from: 0, 3, columns: 4),
      Self.part("b", from: 3, 1, columns: 4), Self.part("b", from: 4, 2, columns: 4),
      Self.part("c", from: 0, 1, kind: .nestedPlanes),
      Self.part("c", from: 1, 1, kind: .nestedPlanes),
    ]
    let manifest = try Self.manifest(matrices)
    let bytes = manifest.serialized()
    let opened = try Manifest(opening: bytes.span)
    #expect(opened.matrices == matrices)
    #expect(opened.matrixTensors == manifest.matrixTensors)
    #expect(opened.matrixTensors.map(\.name) == ["a", "b", "c"])
    #expect(opened.matrixTensors.map(\.rows) == [2, 6, 2])
    #expect(opened.matrixTensors.map(\.columns) == [1, 4, 1])
    #expect(opened.matrixTensors.map(\.parts) == [0..<1, 1..<4, 4..<6])
    #expect(opened.matrixTensors.map(\.sourceType) == [.bf16, .f32, .f32])
    #expect(opened.matrixTensors[1].elementCount == 24)
    #expect(opened.matrices.map(\.tensorRows) == [0..<2, 0..<3, 3..<4, 4..<6, 0..<1, 1..<2])
    // The offset of first_row in the second record.
    #expect(bytes[256 + 64 + 20] == 3)
  }

  @Test func partsFitTogether() {
    let first = Self.part("a", from: 0, 2)
    #expect(Self.code([first, Self.part("a", from: 2, 2)]) == nil)
    #expect(Self.code([Self.part("a", from: 2, 2)]) == .shape)
    #expect(Self.code([first, Self.part("a", from: 1, 2)]) == .shape)
    #expect(Self.code([first, Self.part("a", from: 3, 2)]) == .shape)
    #expect(Self.code([first, Self.part("a", from: .max, 2)]) == .shape)
    #expect(Self.code([first, Self.part("a", from: -1, 2)]) == .shape)
    #expect(Self.code([first, Self.part("b", from: 2, 2)]) == .shape)
    #expect(Self.code([first, Self.part("a", from: 2, 2, columns: 2)]) == .shape)
    #expect(Self.code([first, Self.part("a", from: 2, 2, source: .f16)]) == .shape)
    #expect(Self.code([first, Self.part("a", from: 2, 2, kind: .nestedPlanes)]) == .shape)
    #expect(Self.code([first, first]) == .name)
    #expect(Self.code([Self.part("a", from: 2, 2), first]) == .shape)
    #expect(Self.code([first, Self.part("b", from: 0, 1), Self.part("a", from: 2, 1)]) == .shape)
  }

  @Test func allRowsTogetherAreLimited() throws {
    let half = Int(Limits.matrixDimension) / 2
    let most = [Self.part("a", from: 0, half), Self.part("a", from: half, half)]
    #expect(try Self.manifest(most).matrixTensors.map(\.rows) == [2 * half])
    #expect(Self.code(most + [Self.part("a", from: 2 * half, 1)]) == .limit)
    #expect(Self.code([most[0], Self.part("a", from: half, half + 1)]) == .limit)
  }
}
