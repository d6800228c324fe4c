import BSTKModelFiles
import BSTKFormat
import BSTKCompression
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@Suite("Compression")
struct CompressorTests {
  private let folder: TemporaryFolder
  private let output: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    output = try TemporaryFolder()
  }

  private static func options(levels: Int = 4, rank: Int = 2) -> CompressionOptions {
    var options = CompressionOptions()
    options.levelCount = levels
    options.rank = rank
    return options
  }

  @discardableResult
  private func compress(
    _ options: CompressionOptions = options(), to name: String = "m.bstk"
  ) throws -> CompressionResult {
    try Compressor(options: options).compress(
      HuggingFaceFolder(path: folder.path), to: output.file(name))
  }

  @Test func `matrices become blocks, everything else stays as it is`() throws {
    let model = RandomModel()
    try model.write(to: folder)
    let result = try compress()
    let manifest = result.manifest
    #expect(manifest.matrices.map(\.name) == RandomModel.matrixNames)
    #expect(manifest.matrices.map(\.sourceType) == [.f32, .f16, .bf16, .bf16])
    #expect(manifest.matrices.allSatisfy { $0.levelCount == 4 })
    #expect(manifest.extensions.worths?.count == manifest.blockCount)
    let auxiliary = manifest.objects.filter {
      if case .auxiliary = $0.contents { true } else { false }
    }
    #expect(auxiliary.map(\.name) == ["config.json", "generation_config.json"])
    #expect(manifest.objects.count - auxiliary.count == model.tensors.count - 4)
    #expect(
      manifest.extensions.provenance
        == "bstk compress\nlevels=4\nrank=2\nvectors=fp16\nseed=0")
    let file = try ModelFile(output.file("m.bstk"))
    #expect(try file.verify().state == .complete)
    #expect(try output.contents() == ["m.bstk"])
  }

  @Test func `the same input and options give the same bytes`() throws {
    try RandomModel().write(to: folder)
    try compress(to: "a")
    try compress(to: "b")
    #expect(try output.read("a") == output.read("b"))
    let names = RandomModel().tensors.map(\.name)
    try FileManager.default.removeItem(atPath: folder.file("model.safetensors"))
    try RandomModel().write(to: folder, shards: [Array(names[4...]), Array(names[..<4])])
    try compress(to: "c")
    #expect(try output.read("a") == output.read("c"))
  }

  @Test func `each level lowers the error, and the stack takes the best next level first`() throws {
    try RandomModel().write(to: folder)
    let result = try compress(Self.options(levels: 6))
    for matrix in result.matrices {
      #expect(matrix.relativeErrors.count == 6)
      #expect(zip(matrix.relativeErrors, matrix.relativeErrors.dropFirst()).allSatisfy(>))
    }
    let manifest = result.manifest
    let worths = try #require(manifest.extensions.worths)
    var next = [Int](repeating: 1, count: manifest.matrices.count)
    // Worth per byte of each block, by matrix and level.
    var densities: [[Double]] = manifest.matrices.map { _ in Array(repeating: 0, count: 6) }
    for index in manifest.tileCount..<manifest.chunks.count {
      guard case .block(let matrix, let level, _, _) = manifest.chunks[index].contents else {
        continue
      }
      let before = level == 0 ? 1 : result.matrices[matrix].relativeErrors[level - 1]
      let after = result.matrices[matrix].relativeErrors[level]
      let worth = worths[index - manifest.tileCount]
      #expect(abs(Double(worth) - (before * before - after * after)) < 1e-6)
      densities[matrix][level] =
        Double(worth) / Double(manifest.chunks[index].storedByteCount)
    }
    for index in manifest.baseChunkCount..<manifest.chunks.count {
      guard case .block(let matrix, let level, _, _) = manifest.chunks[index].contents else {
        Issue.record("a tile in the stack")
        continue
      }
      #expect(level == next[matrix])
      for other in next.indices where next[other] < 6 {
        #expect(densities[other][next[other]] <= densities[matrix][level])
      }
      next[matrix] += 1
    }
  }

  @Test(arguments: [VectorType.bf16, .i8])
  func `other vector types`(_ vectors: VectorType) throws {
    try RandomModel().write(to: folder)
    var options = Self.options()
    options.vectors = vectors
    let result = try compress(options)
    #expect(result.matrices.allSatisfy { ($0.relativeErrors.last ?? 1) < 0.3 })
  }

  @Test func `the rank is bounded by the matrix`() throws {
    try RandomModel().write(to: folder)
    let manifest = try compress(Self.options(levels: 1, rank: 16)).manifest
    let ranks = manifest.chunks.compactMap { chunk -> Int? in
      if case .block(_, _, let rank, _) = chunk.contents { rank } else { nil }
    }
    #expect(ranks == [16, 16, 16, 7])
  }

  @Test(arguments: [(Float.nan, 77), (.infinity, 0), (-.infinity, 959)])
  func `values that are not finite are named`(_ value: Float, _ element: Int) throws {
    try RandomModel().write(to: folder)
    let name = "model.layers.0.mlp.down_proj.weight"
    let path = folder.file("model.safetensors")
    let tensor = try #require(SafetensorsFile(path: path).tensor(named: name))
    var bytes = try folder.read("model.safetensors")
    for byte in 0..<4 {
      bytes[tensor.fileOffset + 4 * element + byte] =
        UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * byte))
    }
    try folder.write(bytes, to: "model.safetensors")
    #expect { try compress() } throws: { error in
      guard let error = error as? BSTKError else { return false }
      return error.code == .model && error.message.contains(name)
        && error.message.contains(
          "element \(element) (row \(element / 40), column \(element % 40))")
    }
    #expect(try output.contents() == [])
  }

  @Test func `a zero matrix is no error`() throws {
    try RandomModel().write(to: folder)
    let path = folder.file("model.safetensors")
    let name = "model.layers.0.mlp.up_proj.weight"
    let tensor = try #require(SafetensorsFile(path: path).tensor(named: name))
    var bytes = try folder.read("model.safetensors")
    for byte in 0..<tensor.description.byteCount { bytes[tensor.fileOffset + byte] = 0 }
    try folder.write(bytes, to: "model.safetensors")
    try compress()
    let weights = try BSTKWeights(ModelFile(output.file("m.bstk")))
    #expect(try weights.loadFloats(name).allSatisfy { $0 == 0 })
  }

  @Test func `progress goes forward and names every tensor`() throws {
    let model = RandomModel()
    try model.write(to: folder)
    var events: [CompressionProgress] = []
    try Compressor(options: Self.options(levels: 2)).compress(
      HuggingFaceFolder(path: folder.path), to: output.file("m.bstk"),
      progress: { events.append($0) })
    #expect(Set(events.map(\.name)) == Set(model.tensors.map(\.name) + [""]))
    #expect(zip(events, events.dropFirst()).allSatisfy { $0.doneByteCount <= $1.doneByteCount })
    #expect(events.last?.phase == .assembling)
    #expect(events.last?.doneByteCount == events.last?.totalByteCount)
    #expect(
      events.filter { $0.phase == .matrices }.map(\.levelCount) == [
        0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2,
      ])
  }

  @Test(arguments: [0, 1, 5, 9, 20])
  func `cancelling leaves nothing behind`(_ questions: Int) throws {
    try RandomModel().write(to: folder)
    var asked = 0
    #expect {
      try Compressor(options: Self.options()).compress(
        HuggingFaceFolder(path: folder.path), to: output.file("m.bstk"),
        isCancelled: {
          asked += 1
          return asked > questions
        })
    } throws: {
      ($0 as? BSTKError)?.code == .cancelled
    }
    #expect(try output.contents() == [])
  }

  @Test(arguments: [(0, 1), (65, 1), (1, 0), (1, 1025)])
  func `options out of range are refused`(_ levels: Int, _ rank: Int) {
    #expect { try Compressor(options: Self.options(levels: levels, rank: rank)) } throws: {
      ($0 as? BSTKError)?.code == .limit
    }
  }
}
