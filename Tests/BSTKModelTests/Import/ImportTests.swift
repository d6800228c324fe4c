import BSTKCodec
import BSTKCompression
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@Suite("Import of BitStack checkpoints")
struct ImportTests {
  private let folder: TemporaryFolder
  private let output: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    output = try TemporaryFolder()
  }

  private func importing(_ checkpoint: TinyCheckpoint, shards: Int = 1) throws -> Manifest {
    try checkpoint.write(to: folder, shardCount: shards)
    return try BitStackImporter(folder: folder.path).write(to: output.file("m.bstk"))
  }

  /// The blocks of the file as (projection, level), from the base on.
  private func stack(_ manifest: Manifest) -> [String] {
    manifest.chunks[manifest.baseChunkCount...].map { chunk in
      guard case .block(let matrix, let level, _, _) = chunk.contents else { return "a tile" }
      return "\(manifest.matrices[matrix].name) \(level)"
    }
  }

  @Test(arguments: [1, 3])
  func `signs and vectors arrive bit for bit, in the checkpoint's order`(_ shards: Int) throws {
    let checkpoint = TinyCheckpoint()
    let manifest = try importing(checkpoint, shards: shards)
    let file = try ModelFile(output.file("m.bstk"))
    #expect(try file.verify().state == .complete)
    #expect(file.manifest.rootDigest == manifest.rootDigest)
    let decoder = try ChunkDecoder()
    var levels = TinyCheckpoint.projections.map { _ in 1 }
    var expected: [String] = []
    for index in TinyCheckpoint.order {
      let prefix = TinyCheckpoint.prefix(TinyCheckpoint.projections[index].name)
      expected.append("\(prefix).weight \(levels[index])")
      levels[index] += 1
    }
    #expect(stack(manifest) == expected)
    #expect(manifest.matrices.count == levels.count)
    for (number, matrix) in manifest.matrices.enumerated() {
      let prefix = matrix.name.dropLast(".weight".count)
      let chunks = file.blockChunks(ofMatrix: number)
      let index = try #require(
        TinyCheckpoint.projections.firstIndex { TinyCheckpoint.prefix($0.name) == prefix })
      #expect(chunks.count == levels[index])
      for (level, chunk) in chunks.enumerated() {
        let layout = try #require(manifest.blockLayout(ofChunk: chunk))
        let payload = try file.payload(ofChunk: chunk, decoder: decoder)
        #expect(
          Array(payload[layout.signs])
            == (try checkpoint.tensor("\(prefix).qweight_\(level)")).bytes)
        #expect(Array(payload[layout.u]) == (try checkpoint.tensor("\(prefix).u_\(level)")).bytes)
        #expect(Array(payload[layout.vt]) == (try checkpoint.tensor("\(prefix).vt_\(level)")).bytes)
      }
    }
    for name in ["model.embed_tokens.weight", "model.norm.weight"] {
      let number = try #require(manifest.objects.firstIndex { $0.name == name })
      #expect(try file.object(number, decoder: decoder) == checkpoint.tensor(name).bytes)
    }
    #expect(try output.contents() == ["m.bstk"])
  }

  @Test func `shards change nothing, and neither does importing again`() throws {
    _ = try importing(TinyCheckpoint())
    let first = try output.read("m.bstk")
    let other = try TemporaryFolder()
    try TinyCheckpoint().write(to: other, shardCount: 2)
    _ = try BitStackImporter(folder: other.path).write(to: output.file("m.bstk"))
    #expect(try output.read("m.bstk") == first)
  }

  @Test func `a block that the schedule never loads is left out`() throws {
    let manifest = try importing(TinyCheckpoint())
    let counts = Dictionary(
      uniqueKeysWithValues: manifest.matrices.map { ($0.name, $0.levelCount) })
    #expect(counts["model.layers.0.self_attn.q_proj.weight"] == 3)
    #expect(counts["model.layers.0.mlp.down_proj.weight"] == 4)
  }

  @Test func `the byte count that progress goes up to`() throws {
    try TinyCheckpoint().write(to: folder)
    let importer = try BitStackImporter(folder: folder.path)
    var reports: [UInt64] = []
    _ = try importer.write(to: output.file("m.bstk")) { reports.append($0) }
    #expect(reports == reports.sorted() && reports.last == importer.blockByteCount)
  }

  @Test func `a cancelled import leaves nothing`() throws {
    try TinyCheckpoint().write(to: folder)
    let importer = try BitStackImporter(folder: folder.path)
    for limit in [0, importer.blockByteCount / 2] {
      #expect(throws: BSTKError.self) {
        try importer.write(to: output.file("m.bstk")) { count throws(BSTKError) in
          if count >= limit { throw BSTKError(.cancelled, "enough") }
        }
      }
      #expect(try output.contents() == [])
    }
  }
}
