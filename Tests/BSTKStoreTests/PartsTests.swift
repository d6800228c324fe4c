import BSTKCodec
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@Suite("Files of tensors in parts")
struct PartsTests {
  private let folder: TemporaryFolder
  private let bytes: [UInt8]
  private let file: ModelFile

  init() throws {
    folder = try TemporaryFolder()
    try SyntheticModel.parts.write(to: folder.file("m.bstk"))
    bytes = try folder.read("m.bstk")
    file = try ModelFile(folder.file("m.bstk"))
  }

  private var manifest: Manifest { file.manifest }

  @Test func `parts stand by name and row, in whatever order they were added`() throws {
    #expect(manifest.matrices.map(\.firstRow) == [0, 3, 0, 4, 5, 0])
    #expect(manifest.matrices.map(\.baseLevelCount) == [1, 2, 2, 1, 1, 1])
    #expect(manifest.matrixTensors.map(\.name) == ["a.weight", "b.weight", "c.weight"])
    #expect(manifest.matrixTensors.map(\.rows) == [8, 7, 4])
    #expect(manifest.matrixTensors.map(\.parts) == [0..<2, 2..<5, 5..<6])
    #expect(try file.verify().state == .complete)
    #expect(manifest.blockCount == 16)
  }

  @Test func `every cut is trimmed, copied and grown, and its bytes in memory are summed`() throws {
    let path = folder.file("t.bstk")
    for count in (manifest.baseChunkCount...manifest.chunks.count).reversed() {
      let cut = manifest.cut(afterChunks: count)
      let payloads = (manifest.tileCount..<count).reduce(0) {
        $0 + manifest.payloadByteCount(ofChunk: $1)
      }
      #expect(cut.residentByteCount == UInt64(payloads + 36))
      let budget = Budget(residentByteCount: cut.residentByteCount)
      #expect(try file.copy(within: budget, to: path) == cut)
      let prefix = try ModelFile(path)
      #expect(try prefix.verify().fault == nil)
      #expect(try ModelFile.grow(path, from: file, to: .unlimited).chunkCount == file.chunkCount)
      #expect(try folder.read("t.bstk") == bytes)
      #expect(try ModelFile.trim(path, to: Budget(blockCount: cut.blockCount)) == cut)
    }
  }

  @Test func `the stack is written in another order`() throws {
    let stack = manifest.chunks[manifest.baseChunkCount...].compactMap { chunk in
      if case .block(let matrix, let level, _, _) = chunk.contents { (matrix, level) } else { nil }
    }.sorted { ($1.0, $0.1) < ($0.0, $1.1) }
    let other = try file.restack(
      to: folder.file("n.bstk"), stack: stack.map { (matrix: $0.0, level: $0.1) }, worths: nil,
      extensions: IndexExtensions())
    #expect(other.matrixTensors == manifest.matrixTensors)
    #expect(try ModelFile(folder.file("n.bstk")).verify().state == .complete)
  }

  @Test func `parts that leave rows out are refused when the file is finished`() throws {
    func write() throws {
      var writer = try ModelWriter(folder.file("w.bstk"))
      for firstRow in [0, 3] {
        let handle = writer.addMatrix(
          name: "n", sourceType: .f32, firstRow: firstRow, rows: 2, columns: 8)
        let payload = [UInt8](repeating: 0, count: 32)
        _ = try writer.addBlock(matrix: handle, rank: 1, vectors: .f16, payload: payload.span)
      }
      _ = try writer.finish(stack: [])
    }
    let error = #expect(throws: BSTKError.self) { try write() }
    #expect(error?.code == .shape)
    #expect(try folder.contents() == ["m.bstk"])
  }
}
