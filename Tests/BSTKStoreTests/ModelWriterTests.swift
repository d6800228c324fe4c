import BSTKCodec
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@Suite struct ModelWriterTests {
  @Test func aWrittenFileOpensCompleteAndVerifies() throws {
    let folder = try TemporaryFolder()
    let manifest = try SyntheticModel().write(to: folder.file("m.bstk"))
    let file = try ModelFile(folder.file("m.bstk"))
    #expect(file.state == .complete)
    #expect(file.manifest == manifest)
    let report = try file.verify()
    #expect(report.fault == nil)
    #expect(report.state == .complete)
    #expect(report.verifiedChunkCount == manifest.chunks.count)
    #expect(try folder.contents() == ["m.bstk"])
  }

  @Test func theSameInputGivesTheSameBytes() throws {
    #expect(try SyntheticModel(seed: 7).bytes() == SyntheticModel(seed: 7).bytes())
    #expect(try SyntheticModel(seed: 7).bytes() != SyntheticModel(seed: 8).bytes())
  }

  @Test func objectsComeBackByteForByte() throws {
    let folder = try TemporaryFolder()
    let text = Array(repeatElement(Array("the quick brown fox ".utf8), count: 900).joined())
    let model = SyntheticModel(
      tensors: [("big.weight", 2_200_000)], auxiliary: [("tokenizer.json", text)])
    try model.write(to: folder.file("m.bstk"))
    let file = try ModelFile(folder.file("m.bstk"), access: .mapped)
    let decoder = try ChunkDecoder()
    #expect(file.manifest.objects.map(\.name) == ["tokenizer.json", "big.weight"])
    #expect(file.manifest.objects[1].tileCount == 2)
    #expect(try file.object(0, decoder: decoder) == text)
    var generator = SeededGenerator(seed: model.seed)
    #expect(try file.object(1, decoder: decoder) == generator.bytes(8_800_000))
  }

  @Test func nothingAppearsWhenTheStackIsIncomplete() throws {
    let folder = try TemporaryFolder()
    func write() throws {
      var writer = try ModelWriter(folder.file("m.bstk"))
      _ = writer.addMatrix(name: "a", sourceType: .f32, rows: 2, columns: 2)
      _ = try writer.finish(stack: [])
    }
    let error = #expect(throws: BSTKError.self) { try write() }
    #expect(error?.code == .order)
    #expect(try folder.contents().isEmpty)
  }
}
