import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@Suite struct GrowingTests {
  let folder: TemporaryFolder
  let bytes: [UInt8]
  let source: ModelFile

  init() throws {
    folder = try TemporaryFolder()
    try SyntheticModel().write(to: folder.file("m.bstk"))
    bytes = try folder.read("m.bstk")
    source = try ModelFile(folder.file("m.bstk"))
  }

  private var path: String { folder.file("g.bstk") }

  private func start(_ bytes: some Sequence<UInt8>) throws {
    try folder.write(Array(bytes), to: "g.bstk")
  }

  @Test func everyLengthGrowsToTheWhole() throws {
    let end = Int(source.manifest.header.indexEnd)
    for length in stride(from: end, through: bytes.count, by: 41) {
      try start(bytes[..<length])
      let cut = try ModelFile.grow(path, from: source, to: .unlimited)
      #expect(cut.fileByteCount == UInt64(bytes.count))
      #expect(try folder.read("g.bstk") == bytes, "from \(length)")
    }
  }

  @Test func growingStopsAtTheBudget() throws {
    let manifest = source.manifest
    try start(bytes[..<Int(manifest.header.baseEnd)])
    for count in (manifest.baseChunkCount + 1)...manifest.chunks.count {
      let cut = manifest.cut(afterChunks: count)
      let budget = Budget(fileByteCount: cut.fileByteCount)
      #expect(try ModelFile.grow(path, from: source, to: budget) == cut)
      #expect(try folder.read("g.bstk") == Array(bytes[..<Int(cut.fileByteCount)]))
    }
    // Already there, and longer than asked for: nothing happens.
    let base = Budget(fileByteCount: manifest.header.baseEnd)
    let all = manifest.cut(afterChunks: manifest.chunks.count)
    #expect(try ModelFile.grow(path, from: source, to: base) == all)
    #expect(try folder.read("g.bstk") == bytes)
  }

  @Test func aFalseTailIsReplacedAndDamageRepaired() throws {
    let manifest = source.manifest
    let tail = [UInt8](repeating: 0xEE, count: 200)
    try start(bytes[..<Int(manifest.header.baseEnd)] + tail)
    try ModelFile.grow(path, from: source, to: .unlimited)
    #expect(try folder.read("g.bstk") == bytes)
    for chunk in manifest.chunks.indices {
      var damaged = bytes
      damaged[Int(manifest.chunkOffset(chunk))] ^= 4
      try start(damaged)
      try ModelFile.grow(path, from: source, to: .unlimited)
      #expect(try folder.read("g.bstk") == bytes, "chunk \(chunk)")
    }
  }

  @Test func anotherFileIsRefused() throws {
    try SyntheticModel(seed: 9).write(to: path)
    let before = try folder.read("g.bstk")
    let error = #expect(throws: BSTKError.self) {
      try ModelFile.grow(path, from: source, to: .unlimited)
    }
    #expect(error?.code == .rootDigest)
    #expect(try folder.read("g.bstk") == before)
  }

  @Test func aSourceThatIsTooShortOrDamagedIsRefused() throws {
    let base = bytes[..<Int(source.manifest.header.baseEnd)]
    try start(base)
    let short = try ModelFile(MemorySource(Array(bytes.dropLast())))
    let error = #expect(throws: BSTKError.self) {
      try ModelFile.grow(path, from: short, to: .unlimited)
    }
    #expect(error?.code == .tooShort)
    #expect(try folder.read("g.bstk") == Array(base))

    var damaged = bytes
    damaged[damaged.count - 1] ^= 1
    let bad = try ModelFile(MemorySource(damaged))
    let hash = #expect(throws: BSTKError.self) {
      try ModelFile.grow(path, from: bad, to: .unlimited)
    }
    #expect(hash?.code == .chunkHash)
    // What was good is kept.
    let grown = try ModelFile(path)
    #expect(grown.chunkCount == grown.manifest.chunks.count - 1)
    #expect(try grown.verify().fault == nil)
  }
}
