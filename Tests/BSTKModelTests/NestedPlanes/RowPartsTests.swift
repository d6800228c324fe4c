import BSTKFormat
import BSTKModelFiles
import BSTKNumerics
import BSTKStore
import BSTKTestSupport
import Testing

@testable import BSTKCompression

@Suite("Parts of tensors")
struct RowPartsTests {
  private func tensor(_ name: String, _ rows: Int, _ columns: Int) throws -> TensorDescription {
    try TensorDescription(name: name, type: .bf16, shape: [rows, columns])
  }

  /// The parts of the first tensor of a model.
  private func parts(_ tensors: TensorDescription...) -> [Range<Int>] {
    RowParts(tensors).parts(of: tensors[0])
  }

  @Test(arguments: ["model.embed_tokens.weight", "lm_head.weight"])
  func `a part of an embedding or head is a small share of the model`(_ name: String) throws {
    // A plane of the model has 40,000 kB, one of the embedding 32,000 kB: as many parts as may be.
    let large = try parts(tensor(name, 128_000, 2000), tensor("w", 32_000, 2000))
    #expect(large.count == 16 && large.first == 0..<8064 && large.last?.upperBound == 128_000)
    // 40,960 kB and 4,096 kB: six 64ths.
    let share = try parts(tensor(name, 16_384, 2000), tensor("w", 147_456, 2000))
    #expect(share.map(\.count) == [2816, 2816, 2816, 2816, 2816, 2304])
    // 48 kB, 8 kB at least.
    #expect(try parts(tensor(name, 2048, 192)).count == 6)
    #expect(try parts(tensor(name, 300, 192)) == [0..<300])
    for parts in [large, share] {
      for (part, next) in zip(parts, parts.dropFirst()) {
        #expect(part.upperBound == next.lowerBound && part.count % 128 == 0)
      }
    }
  }

  @Test func `other matrices are whole up to the Spec's limit`() throws {
    let other = try tensor("w", 10, 10)
    #expect(try parts(tensor("model.layers.0.mlp.up_proj.weight", 65_536, 4096), other).count == 1)
    let huge = try parts(tensor("model.layers.0.mlp.up_proj.weight", 1 << 20, 4096), other)
    #expect(huge.count == 5 && huge.allSatisfy { $0.count * 4096 <= 15 << 26 })
    let wide = try parts(tensor("model.embed_tokens.weight", 1 << 20, 1 << 20), other)
    #expect(wide.count == 1093 && wide.last?.upperBound == 1 << 20)
  }

  @Test(arguments: [1, 3]) func `parts of a tensor stand for all of its rows`(
    _ threads: Int
  ) throws {
    var random = RandomModel()
    let name = "model.embed_tokens.weight"
    random.tensors[0] = RandomModel.Tensor(name: name, type: .bf16, shape: [6000, 24])
    let (source, target) = (try TemporaryFolder(), try TemporaryFolder())
    try random.write(to: source)
    let folder = try HuggingFaceFolder(path: source.path)
    var options = NestedCompressionOptions()
    options.threadCount = threads
    let path = target.file("m.bstk")
    let result = try NestedCompression(folder, options: options).run(to: path)
    let file = try ModelFile(path)
    #expect(try file.verify().state == .complete)
    let tensor = try #require(file.manifest.matrixTensors.first { $0.name == name })
    #expect(tensor.rows == 6000 && tensor.parts.count == 2)
    #expect(file.manifest.matrices[tensor.parts].map(\.tensorRows) == [0..<3072, 3072..<6000])
    #expect(
      file.manifest.matrices[tensor.parts].allSatisfy {
        $0.levelCount == 7 && $0.baseLevelCount == 3
      })
    let reported = try #require(result.matrices.first { $0.name == name })
    let measured = try #require(
      RelativeErrors(of: BSTKWeights(file), against: folder).matrices.first { $0.name == name })
    #expect(measured.relativeError < 0.03)
    #expect(abs(reported.relativeErrors[6] / measured.relativeError - 1) < 0.2)
  }
}
