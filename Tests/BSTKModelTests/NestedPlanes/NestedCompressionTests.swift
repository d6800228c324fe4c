import BSTKCodec
import BSTKCompression
import BSTKFormat
import BSTKInference
import BSTKModelFiles
import BSTKStore
import BSTKTestSupport
import BSTKTokenizer
import Foundation
import Synchronization
import Testing

@Suite("Compression to nested planes")
struct NestedCompressionTests {
  private let folder: TemporaryFolder
  private let model: TinyModel

  init() throws {
    folder = try TemporaryFolder()
    model = try TinyModel()
  }

  private var options: NestedCompressionOptions {
    var options = NestedCompressionOptions()
    options.planeCount = 4
    options.evaluation = EvaluationProtocol(windowLength: TinyModel.windowLength)
    options.evaluationLabel = "counting"
    options.cutCount = 5
    return options
  }

  private func compression(calibrated: Bool = true) throws -> NestedCompression {
    let statistics = try TemporaryFolder()
    return try NestedCompression(
      model.opened.weights, options: options,
      statistics: calibrated ? model.gather(to: statistics.file("s")) : nil)
  }

  @Test(arguments: [true, false])
  func `quality is measured where asked for, and is what eval measures at those cuts`(
    _ calibrated: Bool
  ) throws {
    let result = try compression(calibrated: calibrated).run(
      to: folder.file("m.bstk"), evaluation: TinyModel.tokens)
    let manifest = result.manifest
    #expect(try folder.contents() == ["m.bstk"])
    let file = try ModelFile(folder.file("m.bstk"))
    #expect(file.manifest.rootDigest == manifest.rootDigest)
    #expect(try file.verify().state == .complete)
    let provenance = try #require(manifest.extensions.provenance)
    #expect(provenance.contains(calibrated ? "calibration=4 windows of 9" : "calibration=none"))
    let quality = try #require(manifest.extensions.quality)
    let source = try model.perplexity(model.opened.weights)
    #expect(quality.label == "counting" && abs(quality.sourceValue / source - 1) <= 1e-9)
    #expect(quality.points.count == 5)
    #expect(quality.points.first?.chunkCount == manifest.baseChunkCount)
    #expect(quality.points.last?.chunkCount == manifest.chunks.count)
    for point in quality.points {
      let value = try model.perplexity(BSTKWeights(file, chunkCount: point.chunkCount))
      #expect(abs(point.value / value - 1) <= 1e-6, "\(point.chunkCount) chunks")
    }
    for matrix in result.matrices { #expect(matrix.relativeErrors.count == 4) }
  }

  @Test func `the same input gives the same bytes, measured or not, and with any threads`() throws {
    var contents: [[UInt8]] = []
    for threads in [1, 2, 4] {
      var options = options
      options.threadCount = threads
      let statistics = try model.gather(to: folder.file("s"))
      try NestedCompression(model.opened.weights, options: options, statistics: statistics)
        .run(to: folder.file("m.bstk"))
      contents.append(try folder.read("m.bstk"))
    }
    #expect(contents[1] == contents[0] && contents[2] == contents[0])
    let measured = try compression().run(
      to: folder.file("q.bstk"), evaluation: TinyModel.tokens
    ).manifest
    let plain = try ModelFile(folder.file("m.bstk")).manifest
    #expect(measured.chunks.map(\.digest) == plain.chunks.map(\.digest))
  }

  @Test func `a weight that is no number is refused with the matrix's name`() throws {
    let random = RandomModel()
    try random.write(to: folder)
    let name = "model.layers.0.mlp.down_proj.weight"
    let tensor = try #require(
      SafetensorsFile(path: folder.file("model.safetensors")).tensor(named: name))
    var bytes = try folder.read("model.safetensors")
    // Row 2, column 5 of a matrix of 40 columns in fp32.
    let offset = tensor.fileOffset + 4 * (2 * 40 + 5)
    for (index, byte) in [0, 0, 0xC0, 0x7F].enumerated() { bytes[offset + index] = UInt8(byte) }
    try folder.write(bytes, to: "model.safetensors")
    let output = try TemporaryFolder()
    let error = try #require(throws: BSTKError.self) {
      try NestedCompression(HuggingFaceFolder(path: folder.path)).run(to: output.file("m.bstk"))
    }
    #expect(error.code == .model && error.message.contains(name))
    #expect(error.message.contains("row 2, column 5"))
    #expect(try output.contents() == [])
  }

  @Test(arguments: [
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
    ("\"vocab_size\": 64", "\"vocab_size\": 65"),
    ("\"intermediate_size\": 40", "\"intermediate_size\": 48"),
  ]) func `statistics of a model of another shape are refused`(
    _ old: String, _ new: String
  ) throws {
    _ = try model.gather(to: folder.file("s"))
    let text = try model.opened.text("config.json").replacing(old, with: new)
    let other = try ModelConfiguration(json: Array(text.utf8).span)
    let error = try #require(throws: BSTKError.self) {
      try CalibrationStatistics(path: folder.file("s"), configuration: other)
    }
    #expect(error.code == .model)
  }

  @Test func `cancelled anywhere, it leaves nothing, and an older file as it was`() throws {
    let asked = Mutex(0)
    let compression = try compression()
    try compression.run(
      to: folder.file("m.bstk"), evaluation: TinyModel.tokens,
      isCancelled: {
        asked.withLock { $0 += 1 }
        return false
      })
    let before = try folder.read("m.bstk")
    let questions = asked.withLock { $0 }
    #expect(questions > 100)
    for count in stride(from: 1, through: questions, by: questions / 8) {
      for name in ["m.bstk", "new.bstk"] {
        let rest = Mutex(count)
        let error = try #require(throws: BSTKError.self) {
          try compression.run(
            to: folder.file(name), evaluation: TinyModel.tokens,
            isCancelled: {
              rest.withLock { rest in
                rest -= 1
                return rest <= 0
              }
            })
        }
        #expect(error.code == .cancelled)
      }
      #expect(try folder.contents() == ["m.bstk"], "after \(count) questions")
      #expect(try folder.read("m.bstk") == before)
    }
  }

  @Test func `a text too short to measure on is refused before any work`() throws {
    #expect(throws: BSTKError.self) {
      try compression().run(
        to: folder.file("m.bstk"), evaluation: Array(TinyModel.tokens.prefix(5)),
        progress: { _ in Issue.record("something was done") })
    }
    #expect(try folder.contents() == [])
  }

  @Test func `options out of range are refused`() throws {
    let changes: [(inout NestedCompressionOptions) -> Void] = [
      { $0.planeCount = 0 }, { $0.planeCount = 9 }, { $0.basePlaneCount = 0 },
      { $0.threadCount = 0 },
    ]
    for change in changes {
      var options = NestedCompressionOptions()
      change(&options)
      let error = try #require(throws: BSTKError.self) {
        try NestedCompression(model.opened.weights, options: options)
      }
      #expect(error.code == .limit)
    }
  }

  @Test func `fewer planes than the base has are all in the base`() throws {
    var options = options
    options.planeCount = 1
    let manifest = try NestedCompression(model.opened.weights, options: options)
      .run(to: folder.file("m.bstk")).manifest
    #expect(manifest.baseChunkCount == manifest.chunks.count)
    #expect(manifest.matrices.allSatisfy { $0.levelCount == 1 && $0.baseLevelCount == 1 })
  }

  @Test func `of an unknown architecture the matrices are coded without statistics`() throws {
    try RandomModel().write(to: folder)
    let output = try TemporaryFolder()
    let source = try HuggingFaceFolder(path: folder.path)
    let manifest = try NestedCompression(source).run(to: output.file("m.bstk")).manifest
    #expect(
      manifest.matrices.map(\.name) == ["model.embed_tokens.weight"] + RandomModel.matrixNames)
    let weights = try BSTKWeights(ModelFile(output.file("m.bstk")))
    for matrix in manifest.matrices {
      let expected = try source.loadFloats(matrix.name)
      let errors = zip(try weights.loadFloats(matrix.name), expected).reduce(0.0) {
        $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1))
      }
      let whole = expected.reduce(0.0) { $0 + Double($1 * $1) }
      #expect(errors < 0.005 * whole, "\(matrix.name)")
    }
  }
}
