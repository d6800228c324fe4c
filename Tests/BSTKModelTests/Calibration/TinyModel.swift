import BSTKInference
import BSTKTokenizer
import BSTKModelFiles
import BSTKFormat
import BSTKCompression
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

/// A random model of two small decoder layers with grouped queries, and a text for it.
struct TinyModel {
  static let windowLength = 9
  static let url = ModelFolders.references.appending(path: "llama-linear")
  /// Eleven windows.
  static let tokens = (0..<100).map { TokenID($0 * 29 % 64) }

  let opened: OpenedModel

  /// - Parameter name: Another of the reference models.
  init(_ name: String = "llama-linear") throws {
    opened = try OpenedModel(ModelFolders.references.appending(path: name))
  }

  var options: CalibratedCompression.Options {
    var options = CalibratedCompression.Options()
    options.compression.levelCount = 3
    options.compression.rank = 2
    options.calibration.windowCount = 4
    options.calibration.windowLength = Self.windowLength
    options.probe.windowCount = 2
    options.probe.windowLength = Self.windowLength
    options.evaluation = EvaluationProtocol(windowLength: Self.windowLength)
    options.cutCount = 4
    options.evaluationLabel = "counting"
    return options
  }

  /// How statistics are gathered: those of ``options``, with gradients through two windows.
  static var gathering: StatisticsGatherer.Options {
    var options = StatisticsGatherer.Options()
    options.windowCount = 4
    options.windowLength = windowLength
    options.gradientWindowCount = 2
    options.seed = 7
    return options
  }

  /// Gathers statistics over ``tokens``.
  static func gather(
    _ transformer: Transformer, to path: String,
    progress: (WorkProgress) throws -> Void = { _ in }
  ) throws -> CalibrationStatistics {
    try StatisticsGatherer(transformer, options: gathering)
      .run(tokens, to: path, progress: progress)
  }

  /// Gathers the model's statistics over ``tokens``.
  func gather(
    to path: String, progress: (WorkProgress) throws -> Void = { _ in }
  ) throws -> CalibrationStatistics {
    try Self.gather(opened.transformer, to: path, progress: progress)
  }

  /// Compresses without a calibration.
  func compressed(in folder: TemporaryFolder, levels: Int = 3) throws -> ModelFile {
    var options = options.compression
    options.levelCount = levels
    let path = folder.file("plain.bstk")
    try Compressor(options: options).compress(opened.weights, to: path)
    return try ModelFile(path)
  }

  /// Compresses to nested planes with statistics.
  func planes(in folder: TemporaryFolder, count: Int = 5) throws -> ModelFile {
    var options = NestedCompressionOptions()
    options.planeCount = count
    let path = folder.file("planes.bstk")
    try NestedCompression(
      opened.weights, options: options, statistics: gather(to: folder.file("statistics"))
    ).run(to: path)
    return try ModelFile(path)
  }

  /// Perplexity of some weights on the text.
  func perplexity(
    _ weights: any WeightSource, of tokens: [TokenID] = tokens
  ) throws -> Double {
    try Perplexity.measure(
      tokens, with: Transformer(configuration: opened.configuration, weights: weights),
      protocol: EvaluationProtocol(windowLength: Self.windowLength)
    ).value
  }
}
