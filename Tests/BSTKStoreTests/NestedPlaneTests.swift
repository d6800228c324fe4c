import BSTKCodec
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@Suite("Files of nested planes")
struct NestedPlaneTests {
  private let folder: TemporaryFolder
  private let bytes: [UInt8]
  private let file: ModelFile

  init() throws {
    folder = try TemporaryFolder()
    try SyntheticModel.nested.write(to: folder.file("m.bstk"))
    bytes = try folder.read("m.bstk")
    file = try ModelFile(folder.file("m.bstk"))
  }

  private var manifest: Manifest { file.manifest }

  @Test func `the base holds the levels that were asked for`() throws {
    #expect(manifest.matrices.map(\.baseLevelCount) == [2, 3, 1])
    #expect(manifest.matrices.map(\.kind) == [.signBlocks, .nestedPlanes, .nestedPlanes])
    #expect(manifest.baseChunkCount == manifest.tileCount + 6)
    #expect(manifest.levelCounts(ofChunks: manifest.baseChunkCount) == [2, 3, 1])
    #expect(manifest.cut(afterChunks: manifest.baseChunkCount).blockCount == 6)
    #expect(manifest.extensions.worths?.count == 12)
    #expect(try file.verify().fault == nil)
  }

  /// Level by level what was added, however it is asked for.
  @Test func `mirrored planes come back as they were added`() throws {
    let mirrored = manifest.chunks.indices.filter { manifest.chunks[$0].codec == .zstdMirrored }
    #expect(mirrored.count >= 4)
    let decoder = try ChunkDecoder()
    for number in [1, 2] {
      var payloads: [[UInt8]] = []
      try file.forEachBlock(ofMatrix: number, decoder: decoder) { (level, chunk, payload) in
        #expect(level == payloads.count)
        #expect(
          manifest.blockChunks(ofMatrix: number)[
            manifest.blockChunks(ofMatrix: number).startIndex + level] == chunk)
        payloads.append(payload)
      }
      #expect(payloads.count == manifest.matrices[number].levelCount)
      for (level, chunk) in file.blockChunks(ofMatrix: number).enumerated() {
        #expect(try file.payload(ofChunk: chunk, decoder: decoder) == payloads[level])
        var alone: [[UInt8]] = []
        try file.forEachBlock(ofMatrix: number, levels: level..<(level + 1), decoder: decoder) {
          alone.append($2)
        }
        #expect(alone == [payloads[level]])
      }
    }
  }

  @Test func `every cut is trimmed, copied and grown`() throws {
    let path = folder.file("t.bstk")
    for count in (manifest.baseChunkCount...manifest.chunks.count).reversed() {
      let cut = manifest.cut(afterChunks: count)
      let budget = Budget(residentByteCount: cut.residentByteCount)
      #expect(try file.copy(within: budget, to: path) == cut)
      let prefix = try ModelFile(path)
      #expect(try prefix.verify().fault == nil)
      #expect(prefix.blockCount == cut.blockCount)
      #expect(try prefix.cut(within: .unlimited) == cut)
      #expect(try ModelFile.grow(path, from: file, to: .unlimited).chunkCount == file.chunkCount)
      #expect(try folder.read("t.bstk") == bytes)
    }
  }

  @Test func `the stack is written in another order, the base is not`() throws {
    let stack = [(2, 1), (1, 3), (0, 2), (2, 2), (1, 4), (2, 3)]
    func restack(_ stack: [(Int, Int)]) throws -> Manifest {
      try file.restack(
        to: folder.file("n.bstk"), stack: stack.map { (matrix: $0.0, level: $0.1) },
        worths: nil, extensions: IndexExtensions())
    }
    let other = try restack(stack)
    #expect(other.matrices == manifest.matrices)
    #expect(try ModelFile(folder.file("n.bstk")).verify().state == .complete)
    #expect(throws: BSTKError.self) { try restack([(1, 2)] + stack) }
    #expect(throws: BSTKError.self) { try restack(Array(stack.dropLast())) }
  }

  @Test func `a damaged first plane is named, whichever plane needs it`() throws {
    let first = manifest.blockChunks(ofMatrix: 2)[manifest.blockChunks(ofMatrix: 2).startIndex]
    var damaged = bytes
    damaged[Int(manifest.chunkOffset(first))] ^= 1
    let file = try ModelFile(MemorySource(damaged))
    let mirrored = try #require(
      manifest.chunks.indices.first { manifest.firstPlaneChunk(ofChunk: $0) == first })
    let error = #expect(throws: BSTKError.self) {
      try file.payload(ofChunk: mirrored, decoder: ChunkDecoder())
    }
    #expect(error?.code == .chunkHash)
    #expect(error?.section == .chunk(first))
    #expect(try file.verify().verifiedChunkCount == first)
  }

  /// Each mirrored chunk costs one first plane more at most, and none where it follows the plane.
  @Test func `verification reads little twice`() throws {
    let source = CountingSource(bytes)
    let report = try ModelFile(source).verify()
    #expect(report.fault == nil)
    let mirrored = manifest.chunks.indices.compactMap { chunk in
      manifest.firstPlaneChunk(ofChunk: chunk).map { (chunk: chunk, first: $0) }
    }
    let again = mirrored.filter { $0.chunk >= manifest.baseChunkCount }
      .reduce(0) { $0 + manifest.chunks[$1.first].storedByteCount }
    let once = Int(manifest.header.storedByteCount) + Limits.headerByteCount
    #expect(source.byteCountRead > once - 1)
    #expect(source.byteCountRead <= once + again)
    #expect(again > 0)
  }

  @Test func `blocks of another kind or length are refused`() throws {
    func code(
      _ body: (inout ModelWriter, Int) throws(BSTKError) -> SpooledBlock
    ) throws -> BSTKError.Code? {
      var writer = try ModelWriter(folder.file("w.bstk"))
      let handle = writer.addMatrix(
        name: "n", sourceType: .f32, rows: 2, columns: 8, kind: .nestedPlanes)
      do throws(BSTKError) {
        _ = try body(&writer, handle)
        return nil
      } catch { return error.code }
    }
    let plane: [UInt8] = [1, 2]
    let refinement = [UInt8](repeating: 0, count: 16)
    // The first level has vectors.
    let early = try code { (writer, handle) throws(BSTKError) in
      try writer.addRefinement(matrix: handle, payload: refinement.span, firstPlane: plane.span)
    }
    #expect(early == .shape)
    let short = try code { (writer, handle) throws(BSTKError) in
      try writer.addFirstPlane(matrix: handle, vectors: .log8, payload: refinement.span)
    }
    #expect(short == .chunkLength)
    #expect(try folder.contents() == ["m.bstk"])
  }

  @Test func `a base of levels that were never added is refused`() throws {
    func write() throws {
      var writer = try ModelWriter(folder.file("w.bstk"))
      let handle = writer.addMatrix(
        name: "n", sourceType: .f32, rows: 2, columns: 8, kind: .nestedPlanes)
      writer.setBaseLevelCount(2, ofMatrix: handle)
      _ = try writer.finish(stack: [])
    }
    let error = #expect(throws: BSTKError.self) { try write() }
    #expect(error?.code == .order)
  }

  @Test func `a chunk that was encoded elsewhere is taken as it is`() throws {
    var writer = try ModelWriter(folder.file("w.bstk"))
    let record = MatrixRecord(
      name: "n", sourceType: .f32, rows: 2, columns: 8, kind: .nestedPlanes, levelCount: 1)
    let layout = ChunkLayout.firstPlane(try record.firstPlaneLayout(vectors: .log8))
    let payload = [UInt8](repeating: 0, count: layout.byteCount)
    let chunk = try ChunkEncoder().encode(payload.span, layout)
    let handle = writer.addMatrix(
      name: "n", sourceType: .f32, rows: 2, columns: 8, kind: .nestedPlanes)
    let block = try writer.addEncodedBlock(chunk, matrix: handle, rank: 1, vectors: .log8)
    #expect(block.storedByteCount == chunk.stored.count)
    _ = try writer.finish(stack: [])
    let file = try ModelFile(folder.file("w.bstk"))
    #expect(try file.payload(ofChunk: 0, decoder: ChunkDecoder()) == payload)
  }
}
