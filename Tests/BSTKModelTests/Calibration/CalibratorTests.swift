import BSTKCompression
import BSTKFormat
import BSTKInference
import BSTKModelFiles
import BSTKTestSupport
import BSTKTokenizer
import Foundation
import Testing

@Suite("Calibration")
struct CalibratorTests {
  private func options(moments: Bool = false) -> Calibrator.Options {
    var options = Calibrator.Options()
    options.windowCount = 4
    options.windowLength = TinyModel.windowLength
    options.gathersSecondMoments = moments
    return options
  }

  /// The input of every linear layer for one window, from a pass of its own.
  private func inputs(
    of window: [TokenID], in model: OpenedModel
  ) throws -> [String: [Float]] {
    var inputs: [String: [Float]] = [:]
    var states = try model.transformer.embed([window])
    for index in 0..<model.configuration.layerCount {
      try model.transformer.apply(model.transformer.loadLayer(index), to: &states) {
        layers, input in
        for layer in layers { inputs[layer.name] = input.indices.map { input[$0] } }
      }
    }
    return inputs
  }

  @Test(arguments: ["llama-linear", "llama-biased", "qwen2-yarn"])
  func `norms and moments equal the definitions`(_ name: String) throws {
    let model = try OpenedModel(ModelFolders.references.appending(path: name))
    let windows = try Calibrator.windows(of: TinyModel.tokens, options: options())
    let statistics = try Calibrator(model.transformer, options: options(moments: true))
      .run(TinyModel.tokens)
    #expect(statistics.windowCount == 4 && statistics.windowLength == TinyModel.windowLength)
    #expect(Set(statistics.layers.keys) == Set(model.configuration.linearLayers.map(\.name)))
    let inputs = try windows.map { try self.inputs(of: $0, in: model) }
    for linear in model.configuration.linearLayers {
      let layer = try #require(statistics.layers[linear.name])
      let moments = try #require(layer.secondMoments)
      let width = linear.inFeatures
      #expect(layer.channelNorms.count == width && moments.count == width * width)
      var sums = [Double](repeating: 0, count: width * width)
      var norms = [Double](repeating: 0, count: width)
      for window in inputs {
        let x = try #require(window[linear.name]).map(Double.init)
        for a in 0..<width {
          var square = 0.0
          for row in 0..<TinyModel.windowLength {
            square += x[row * width + a] * x[row * width + a]
            for b in 0..<width { sums[a * width + b] += x[row * width + a] * x[row * width + b] }
          }
          norms[a] += square.squareRoot() / 4
        }
      }
      let positions = Double(4 * TinyModel.windowLength)
      let scale = norms.max() ?? 0
      for a in 0..<width {
        #expect(abs(Double(layer.channelNorms[a]) - norms[a]) <= 1e-5 * scale, "\(linear.name)")
        for b in 0..<width {
          let expected = sums[a * width + b] / positions
          #expect(abs(Double(moments[a * width + b]) - expected) <= 1e-5 * scale * scale)
          #expect(
            abs(moments[a * width + b] - moments[b * width + a]) <= 1e-6 * Float(scale * scale))
        }
      }
    }
  }

  @Test func `windows are spread evenly, and short texts are refused`() throws {
    var options = options()
    let all = (0..<11).map { window in
      (0..<9).map { TinyModel.tokens[window * 9 + $0] }
    }
    let four = try Calibrator.windows(of: TinyModel.tokens, options: options)
    #expect(four == [0, 2, 5, 8].map { all[$0] })
    options.windowCount = 1_000
    #expect(try Calibrator.windows(of: TinyModel.tokens, options: options) == all)
    #expect(throws: BSTKError.self) {
      try Calibrator.windows(of: Array(TinyModel.tokens.prefix(8)), options: options)
    }
  }

  @Test func `a calibration is saved and read back bit for bit, the same every time`() throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel()
    for name in ["a", "b"] {
      try Calibrator(model.opened.transformer, options: options(moments: true))
        .run(TinyModel.tokens).write(to: folder.file(name))
    }
    #expect(try folder.read("a") == folder.read("b"))
    let first = try Calibrator(model.opened.transformer, options: options(moments: true))
      .run(TinyModel.tokens)
    let second = try InputStatistics(path: folder.file("a"))
    #expect(second.windowCount == 4 && second.windowLength == TinyModel.windowLength)
    #expect(Set(first.layers.keys) == Set(second.layers.keys))
    for (name, layer) in first.layers {
      #expect(second.layers[name]?.channelNorms == layer.channelNorms)
      #expect(second.layers[name]?.secondMoments == layer.secondMoments)
    }
    #expect(try folder.contents() == ["a", "b"])
  }

  /// Calibrations that must not be read.
  enum Damage: CaseIterable {
    case noMetadata, oddMetadata, noWindows, negative, notANumber, momentsOfWrongShape
  }

  @Test(arguments: Damage.allCases)
  func `what is no calibration is refused`(_ damage: Damage) throws {
    let folder = try TemporaryFolder()
    let side = damage == .momentsOfWrongShape ? 3 : 4
    let metadata =
      switch damage {
      case .noMetadata: ["format": "pt"]
      case .oddMetadata: ["bstk_calibration": "windows length"]
      case .noWindows: ["bstk_calibration": "windows=0 length=9"]
      default: ["bstk_calibration": "windows=4 length=9"]
      }
    var writer = try SafetensorsWriter(
      path: folder.file("s"),
      tensors: [
        TensorDescription(name: "a.input_norms", type: .f32, shape: [4]),
        TensorDescription(name: "a.input_second_moments", type: .f32, shape: [side, side]),
      ], metadata: metadata)
    var values = [Float](repeating: 1, count: 4 + side * side)
    if damage == .negative { values[2] = -1 }
    if damage == .notANumber { values[2] = .nan }
    let bytes = values.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    try writer.append(bytes.span)
    try writer.finish()
    let error = try #require(throws: BSTKError.self) { try InputStatistics(path: folder.file("s")) }
    #expect(error.code == .model)
  }

  @Test func `throwing from progress cancels`() throws {
    struct Cancelled: Error {}
    let model = try TinyModel()
    #expect(throws: Cancelled.self) {
      try Calibrator(model.opened.transformer, options: options()).run(TinyModel.tokens) { _ in
        throw Cancelled()
      }
    }
  }
}
