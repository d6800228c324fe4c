import BSTKInference
import BSTKModelFiles
import BSTKCodec
import BSTKFormat
import BSTKCompression
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@Suite("Calibrated compression")
struct CalibratedCompressionTests {
  private let model: TinyModel
  private let folder: TemporaryFolder

  init() throws {
    model = try TinyModel()
    folder = try TemporaryFolder()
  }

  private func compression(_ order: CalibratedCompression.Order = .worth) throws
    -> CalibratedCompression
  {
    var options = model.options
    options.order = order
    return try CalibratedCompression(model.opened.weights, options: options)
  }

  @Test(arguments: CalibratedCompression.Order.allCases)
  func `every step reports, worths are in the index, nothing else is left`(
    _ order: CalibratedCompression.Order
  ) throws {
    var kinds: [String] = []
    let result = try compression(order).run(
      TinyModel.tokens, evaluation: TinyModel.tokens, to: folder.file("m.bstk"),
      progress: { step in
        let kind =
          switch step {
          case .calibrating: "calibrating"
          case .compressing: "compressing"
          case .ordering: "ordering"
          case .evaluating: "evaluating"
          case .writing: "writing"
          }
        if kinds.last != kind { kinds.append(kind) }
      })
    #expect(kinds == ["calibrating", "compressing", "ordering", "evaluating", "writing"])
    let file = try ModelFile(folder.file("m.bstk"))
    #expect(try file.verify().state == .complete)
    #expect(file.manifest.rootDigest == result.manifest.rootDigest)
    #expect(file.manifest.extensions.worths?.count == file.manifest.blockCount)
    #expect(file.manifest.extensions.worths?.allSatisfy { $0 >= 0 } == true)
    let provenance = try #require(file.manifest.extensions.provenance)
    #expect(provenance.contains("calibration=4 windows of 9"))
    #expect(provenance.contains("order=\(order.rawValue)"))
    #expect(try folder.contents() == ["m.bstk"])
  }

  @Test(arguments: CalibratedCompression.Order.allCases)
  func `blocks that the forward pass does not use are worth nothing and come last`(
    _ order: CalibratedCompression.Order
  ) throws {
    // The weights of two layers under a configuration of one.
    let shortened = try TemporaryFolder()
    let config = try model.opened.text("config.json")
      .replacing(#""num_hidden_layers": 2"#, with: #""num_hidden_layers": 1"#)
    try shortened.write(Array(config.utf8), to: "config.json")
    let weights = try Data(contentsOf: TinyModel.url.appending(path: "model.safetensors"))
    try shortened.write([UInt8](weights), to: "model.safetensors")
    var options = model.options
    options.order = order
    let compression = try CalibratedCompression(
      HuggingFaceFolder(path: shortened.path), options: options)
    let manifest = try compression.run(TinyModel.tokens, to: folder.file("m.bstk")).manifest

    let worths = try #require(manifest.extensions.worths)
    var stack: [(isUsed: Bool, level: Int)] = []
    for (chunk, worth) in zip(manifest.chunks[manifest.tileCount...], worths) {
      guard case .block(let matrix, let level, _, _) = chunk.contents else { continue }
      let isUsed = manifest.matrices[matrix].name.hasPrefix("model.layers.0.")
      #expect((worth > 0) == isUsed)
      if level > 0 { stack.append((isUsed, level)) }
    }
    #expect(stack.count == 2 * 14)
    let rounds = order == .worth ? [stack] : (1...2).map { bit in stack.filter { $0.level == bit } }
    for round in rounds {
      #expect(round.map(\.isUsed) == round.map(\.isUsed).sorted { $0 && !$1 })
    }
  }

  @Test func `the same input gives the same bytes, with saved statistics too`() throws {
    let saved = try InputStatistics(model.gather(to: folder.file("s.safetensors")))
    _ = try compression().run(
      TinyModel.tokens, evaluation: TinyModel.tokens, to: folder.file("a.bstk"))
    _ = try compression().run(
      TinyModel.tokens, statistics: saved, evaluation: TinyModel.tokens, to: folder.file("b.bstk"))
    #expect(try folder.read("a.bstk") == folder.read("b.bstk"))
  }

  @Test func `measured quality is what eval measures at those cuts`() throws {
    let manifest = try compression().run(
      TinyModel.tokens, evaluation: TinyModel.tokens, to: folder.file("m.bstk")
    ).manifest
    let quality = try #require(manifest.extensions.quality)
    #expect(quality.label == "counting" && quality.metric == .perplexity)
    let source = try model.perplexity(model.opened.weights)
    #expect(abs(quality.sourceValue / source - 1) <= 1e-9)
    #expect(quality.points.count == 4)
    #expect(quality.points.first?.chunkCount == manifest.baseChunkCount)
    #expect(quality.points.last?.chunkCount == manifest.chunks.count)
    let values = try BudgetSweep(
      ModelFile(folder.file("m.bstk")), configuration: model.opened.configuration
    ).run(
      TinyModel.tokens, cuts: quality.points.map { manifest.cut(afterChunks: $0.chunkCount) },
      protocol: model.options.evaluation)
    for (point, value) in zip(quality.points, values) {
      #expect(abs(point.value / value.value - 1) <= 1e-6, "\(point.chunkCount) chunks")
    }
  }

  @Test func `cancelled anywhere, it leaves nothing, and an older file as it was`() throws {
    var questions = 0
    _ = try compression().run(
      TinyModel.tokens, evaluation: TinyModel.tokens, to: folder.file("m.bstk"),
      isCancelled: {
        questions += 1
        return false
      })
    let before = try folder.read("m.bstk")
    for count in stride(from: 1, through: questions, by: max(1, questions / 12)) + [questions] {
      for name in ["m.bstk", "new.bstk"] {
        var asked = 0
        let error = try #require(throws: BSTKError.self) {
          _ = try compression().run(
            TinyModel.tokens, evaluation: TinyModel.tokens, to: folder.file(name),
            isCancelled: {
              asked += 1
              return asked >= count
            })
        }
        #expect(error.code == .cancelled)
      }
      #expect(try folder.contents() == ["m.bstk"], "after \(count) questions")
      #expect(try folder.read("m.bstk") == before)
    }
  }

  @Test func `a text shorter than a window leaves nothing`() throws {
    let short = Array(TinyModel.tokens.prefix(5))
    #expect(throws: BSTKError.self) {
      try compression().run(short, to: folder.file("m.bstk"))
    }
    #expect(throws: BSTKError.self) {
      try compression().run(TinyModel.tokens, evaluation: short, to: folder.file("m.bstk"))
    }
    #expect(try folder.contents() == [])
  }

  @Test func `an unknown architecture is refused before any work`() throws {
    try RandomModel().write(to: folder)
    let error = try #require(throws: BSTKError.self) {
      try CalibratedCompression(HuggingFaceFolder(path: folder.path), options: model.options)
    }
    #expect(error.code == .modelUnsupported)
  }
}
