import BSTKInference
import BSTKModelFiles
import BSTKTokenizer
import Foundation
import Testing

/// Where the model folders of the tests are, relative to the package.
enum ModelFolders {
  static let package = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The small trained model that belongs to the package.
  static let trained = package.appending(path: "Fixtures/models/pd-llama")

  /// A larger one that does not, nil with a printed reason where it is missing.
  static var larger: URL? {
    let url = package.deletingLastPathComponent().appending(path: "shared/models/mix-llama")
    if FileManager.default.fileExists(atPath: url.path) { return url }
    print("skipped: no model folder at ../shared/models/mix-llama")
    return nil
  }

  /// The random models made by `Scripts/make_reference_models.py`.
  static let references = package.appending(path: "Tests/BSTKModelTests/Resources/ReferenceModels")
}

/// A model folder opened for a forward pass.
struct OpenedModel {
  let url: URL
  let configuration: ModelConfiguration
  let weights: HuggingFaceFolder
  let transformer: Transformer

  init(_ url: URL) throws {
    self.url = url
    weights = try HuggingFaceFolder(path: url.path)
    configuration = try ModelConfiguration(
      json: [UInt8](Data(contentsOf: url.appending(path: "config.json"))).span)
    transformer = try Transformer(configuration: configuration, weights: weights)
  }

  /// Logits of each window, tokens × vocabulary, and the last hidden states of all.
  func run(_ windows: [[TokenID]], tileTokens: Int = 2048) throws -> (
    logits: [Float], hidden: [Float]
  ) {
    var states = try transformer.embed(windows)
    for index in 0..<configuration.layerCount {
      try transformer.apply(transformer.loadLayer(index), to: &states, tileTokens: tileTokens)
    }
    let head = try transformer.loadHead()
    return (head.logits(states), head.normalized(states))
  }

  /// A text file of the folder.
  func text(_ name: String) throws -> String {
    try String(contentsOf: url.appending(path: name), encoding: .utf8)
  }
}

/// Tensors a Python program wrote for comparison.
struct GoldenFile {
  let file: SafetensorsFile

  init(_ url: URL) throws { file = try SafetensorsFile(path: url.path) }

  func floats(_ name: String) throws -> [Float] {
    let tensor = try #require(file.tensor(named: name))
    var values = [Float](repeating: 0, count: tensor.description.elementCount)
    var span = values.mutableSpan
    try file.readFloats(of: tensor, from: 0, into: &span)
    return values
  }

  /// A tensor of token ids, int32 or int64.
  func tokens(_ name: String) throws -> [TokenID] {
    let tensor = try #require(file.tensor(named: name))
    var bytes = [UInt8](repeating: 0, count: tensor.description.byteCount)
    var span = bytes.mutableSpan
    try file.readBytes(of: tensor, from: 0, into: &span)
    let width = tensor.description.byteCount / tensor.description.elementCount
    return stride(from: 0, to: bytes.count, by: width).map {
      TokenID(bytes[$0]) | TokenID(bytes[$0 + 1]) << 8
    }
  }
}

/// The largest absolute difference; infinite where one number is not finite or lengths differ.
func largestDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { largest, pair in
    let difference = abs(pair.0 - pair.1)
    return difference <= largest ? largest : difference.isFinite ? difference : .infinity
  }
}
