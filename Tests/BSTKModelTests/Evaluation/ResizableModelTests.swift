import BSTKInference
import BSTKCodec
import BSTKFormat
import BSTKModelFiles
import BSTKStore
import BSTKTestSupport
import BSTKTokenizer
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

  @Test func `a model fed with chunks in file order is the one that is loaded`() throws {
    let manifest = file.manifest
    let decoder = try ChunkDecoder()
    func stored(_ chunk: Int) throws -> [UInt8] {
      try source.bytes(
        at: manifest.chunkOffset(chunk), count: manifest.chunks[chunk].storedByteCount)
    }
    var assembly = WeightAssembly(manifest)
    #expect(assembly.auxiliaryFile("config.json") == nil)
    while assembly.chunkCount < manifest.baseChunkCount {
      #expect(throws: BSTKError.self) {
        _ = try ResizableModel(assembly, configuration: model.opened.configuration)
      }
      let bytes = try stored(assembly.chunkCount)
      var damaged = bytes
      damaged[0] ^= 1
      let before = assembly.chunkCount
      #expect(throws: BSTKError.self) {
        try assembly.append(stored: damaged.span, decoder: decoder)
      }
      #expect(assembly.chunkCount == before)
      try assembly.append(stored: bytes.span, decoder: decoder)
    }
    let json = try #require(assembly.auxiliaryFile("config.json"))
    #expect(assembly.auxiliaryFile("none.json") == nil)
    var fed = try ResizableModel(assembly, configuration: ModelConfiguration(json: json.span))
    #expect(fed.cut == cut(0))
    for blocks in 0...28 {
      if blocks > 0 {
        let bytes = try stored(fed.chunkCount)
        try fed.append(stored: bytes.span, decoder: decoder, isVerified: true)
      }
      if blocks % 7 == 0 {
        #expect(try logits(fed) == logits(load(blocks)), "\(blocks) blocks")
      }
    }
    try fed.resize(to: cut(3))
    #expect(try logits(fed) == logits(load(3)))
    #expect { try fed.resize(to: cut(4)) } throws: { error in
      (error as? BSTKError)?.code == .tooShort
    }
    fed.file = file
    try fed.resize(to: cut(4))
    #expect(try logits(fed) == logits(load(4)))
  }

  @Test func `a text goes on while its model grows and shrinks`() throws {
    var resized = try load(28)
    var state = GenerationState(configuration: model.opened.configuration, capacity: 4)
    for (place, blocks) in [28, 28, 5, 0, 28, 11].enumerated() {
      try resized.resize(to: cut(blocks))
      let logits = try resized.resident.logits(after: [TokenID(place + 3)], in: &state)
      #expect(logits.allSatisfy(\.isFinite) && state.position == place + 1)
    }
    // Four positions at first, then a step more.
    #expect(
      state.cacheByteCount == model.opened.configuration.cacheByteCount(positions: 4 + 256))
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
