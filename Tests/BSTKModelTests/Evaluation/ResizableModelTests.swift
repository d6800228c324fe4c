import BSTKInference
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@Suite("Models that grow and shrink in memory")
struct ResizableModelTests {
  private let model: TinyModel
  private let source: WatchedSource
  private let file: ModelFile

  init() throws {
    model = try TinyModel()
    let folder = try TemporaryFolder()
    _ = try model.compressed(in: folder)
    source = WatchedSource(try folder.read("plain.bstk"))
    file = try ModelFile(source)
  }

  private func cut(_ blocks: Int) -> Cut {
    file.manifest.cut(afterChunks: file.manifest.baseChunkCount + blocks)
  }

  private func load(_ blocks: Int) throws -> ResizableModel {
    try ResizableModel(file, configuration: model.opened.configuration, cut: cut(blocks))
  }

  private func logits(_ model: borrowing ResizableModel) throws -> [Float] {
    var state = GenerationState(configuration: self.model.opened.configuration)
    return try model.resident.logits(after: [3, 1, 4, 1, 5, 9], in: &state)
  }

  @Test func `every size reached by growing or shrinking is the size loaded anew`() throws {
    var resized = try load(0)
    for blocks in [5, 6, 28, 11, 0, 28, 28] {
      let before = resized.cut.blockCount
      let changed = try resized.resize(to: cut(blocks))
      #expect(resized.cut == cut(blocks) && changed == abs(cut(blocks).blockCount - before))
      let fresh = try load(blocks)
      let expected = try logits(fresh)
      let scale = expected.reduce(0) { max($0, abs($1)) }
      #expect(try largestDifference(logits(resized), expected) <= 1e-5 * scale, "\(blocks)")
    }
  }

  @Test func `only blocks that are new are read`() throws {
    var resized = try load(4)
    _ = source.takeOffsets()
    let manifest = file.manifest
    for (from, to) in [(4, 15), (15, 9), (9, 9)] {
      try resized.resize(to: cut(to))
      let range = (from..<max(from, to)).map { $0 + manifest.baseChunkCount }
      #expect(source.takeOffsets() == Set(range.map { manifest.chunkOffset($0) }))
    }
  }

  @Test func `after a damaged block the model can still go to a good size`() throws {
    var resized = try load(3)
    source.damage(at: file.manifest.chunkOffset(file.manifest.baseChunkCount + 10))
    #expect(throws: BSTKError.self) { try resized.resize(to: cut(20)) }
    #expect(resized.cut == cut(10))
    try resized.resize(to: cut(8))
    let fresh = try load(8)
    let expected = try logits(fresh)
    let scale = expected.reduce(0) { max($0, abs($1)) }
    #expect(try largestDifference(logits(resized), expected) <= 1e-5 * scale)
  }
}
