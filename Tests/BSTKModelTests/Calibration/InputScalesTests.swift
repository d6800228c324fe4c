import BSTKInference
import BSTKFormat
import BSTKCompression
import BSTKTestSupport
import Foundation
import Testing

@Suite("Activation-aware scales")
struct InputScalesTests {
  private let model: TinyModel
  private let statistics: InputStatistics

  init() throws {
    model = try TinyModel()
    statistics = try Calibrator(model.opened.transformer, options: model.options.calibration)
      .run(TinyModel.tokens)
  }

  /// The model's shape with another number of key-value heads.
  private func configuration(keyValueHeads: Int) throws -> ModelConfiguration {
    let text = try model.opened.text("config.json")
      .replacing("\"num_key_value_heads\": 2", with: "\"num_key_value_heads\": \(keyValueHeads)")
    return try ModelConfiguration(json: Array(text.utf8).span)
  }

  @Test(arguments: [2, 4])
  func `the output projection of grouped queries is skipped and nothing else`(
    _ keyValueHeads: Int
  ) throws {
    let configuration = try configuration(keyValueHeads: keyValueHeads)
    let scales = try InputScales(statistics, configuration: configuration)
    for linear in configuration.linearLayers {
      let scale = try scales.scale(of: linear.weightName, columns: linear.inFeatures)
      let isSkipped = keyValueHeads == 2 && linear.role == .attentionOutput
      let norms = try #require(statistics.channelNorms[linear.name])
      #expect(scale == (isSkipped ? nil : norms.map { $0 + 1e-3 }), "\(linear.name)")
    }
    #expect(try scales.scale(of: "model.norm.weight", columns: 1) == nil)
  }

  @Test func `a calibration of another model is refused`() throws {
    let wider = try ModelConfiguration(
      json: Array(
        model.opened.text("config.json").replacing(
          "\"intermediate_size\": 40", with: "\"intermediate_size\": 48"
        )
        .utf8
      ).span)
    #expect(throws: BSTKError.self) {
      try InputScales(statistics, configuration: wider)
    }
    let deeper = try ModelConfiguration(
      json: Array(
        model.opened.text("config.json").replacing(
          "\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 3"
        )
        .utf8
      ).span)
    #expect(throws: BSTKError.self) {
      try InputScales(statistics, configuration: deeper)
    }
    let scales = try InputScales(
      statistics, configuration: model.opened.configuration)
    #expect(throws: BSTKError.self) {
      try scales.scale(of: "model.layers.0.mlp.up_proj.weight", columns: 33)
    }
  }

  @Test func `scaling lowers the error where the inputs are large`() throws {
    let folder = try TemporaryFolder()
    var options = model.options
    options.compression.levelCount = 1
    let scaled = try CalibratedCompression(model.opened.weights, options: options)
      .run(TinyModel.tokens, to: folder.file("s.bstk")).matrices
    let plain = try Compressor(options: options.compression)
      .compress(model.opened.weights, to: folder.file("p.bstk")).matrices
    // The plain error is what plain decomposition minimises, so scaling can only raise that one.
    let sums = [scaled, plain].map { $0.reduce(0) { $0 + ($1.relativeErrors.last ?? 0) } }
    #expect(sums[0] > sums[1])
  }
}
