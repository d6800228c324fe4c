import BSTKFormat
import BSTKModelFiles
import BSTKTestSupport
import BSTKTokenizer
import Foundation
import Synchronization
import Testing

@testable import BSTKCompression
@testable import BSTKInference

@Suite("Gathering statistics")
struct StatisticsGathererTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The input of every linear layer and of the head for one window, from a pass of its own.
  private func inputs(
    of window: [TokenID], in model: OpenedModel
  ) throws -> [String: [Double]] {
    var inputs: [String: [Double]] = [:]
    var states = try model.transformer.embed([window])
    for index in 0..<model.configuration.layerCount {
      try model.transformer.apply(model.transformer.loadLayer(index), to: &states) {
        layers, input in
        for layer in layers { inputs[layer.name] = input.indices.map { Double(input[$0]) } }
      }
    }
    inputs["head"] = try model.transformer.loadHead().normalized(states).map(Double.init)
    return inputs
  }

  /// The mean of weight · x xᵀ over the rows of all windows.
  private func moments(_ windows: [[Double]], width: Int, weights: [[Double]]? = nil) -> [Double] {
    var sums = [Double](repeating: 0, count: width * width)
    var total = 0.0
    for (number, x) in windows.enumerated() {
      for row in 0..<x.count / width {
        let weight = weights?[number][row] ?? 1
        total += weight
        for a in 0..<width {
          for b in 0..<width {
            sums[a * width + b] += weight * x[row * width + a] * x[row * width + b]
          }
        }
      }
    }
    return sums.map { $0 / total }
  }

  private func expect(
    _ values: [Float], equal expected: [Double], within tolerance: Double = 1e-5, _ name: String
  ) {
    let scale = expected.map(abs).max() ?? 0
    #expect(values.count == expected.count, "\(name)")
    let worst = zip(values, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
    #expect(worst <= tolerance * scale, "\(name)")
  }

  @Test(arguments: ["llama-linear", "llama-biased", "qwen2-yarn"])
  func `moments, norms and frequencies equal the definitions`(_ name: String) throws {
    let model = try OpenedModel(ModelFolders.references.appending(path: name))
    let statistics = try TinyModel.gather(model.transformer, to: folder.file("s"))
    var options = Calibrator.Options()
    options.windowCount = 4
    options.windowLength = TinyModel.windowLength
    let windows = try Calibrator.windows(of: TinyModel.tokens, options: options)
    let inputs = try windows.map { try self.inputs(of: $0, in: model) }
    for linear in model.configuration.linearLayers {
      let x = try inputs.map { try #require($0[linear.name]) }
      let width = linear.inFeatures
      let values = try statistics.secondMoments(ofInputOf: linear.name)
      expect(values, equal: moments(x, width: width), linear.name)
      let isSymmetric = (0..<width).allSatisfy { row in
        (0..<width).allSatisfy { values[row * width + $0] == values[$0 * width + row] }
      }
      #expect(isSymmetric)
      let norms = (0..<width).map { channel in
        x.reduce(0) { sum, window in
          let squares = (0..<TinyModel.windowLength).map { window[$0 * width + channel] }
            .reduce(0) { $0 + $1 * $1 }
          return sum + squares.squareRoot() / 4
        }
      }
      expect(try statistics.channelNorms(ofInputOf: linear.name), equal: norms, linear.name)
    }
    let head = try inputs.map { try #require($0["head"]) }
    expect(
      try statistics.headSecondMoments(),
      equal: moments(head, width: model.configuration.hiddenSize), "head")
    let counts = (0..<model.configuration.vocabularySize).map { token in
      Double(windows.joined().count { $0 == token }) / Double(4 * TinyModel.windowLength)
    }
    expect(try statistics.tokenFrequencies(), equal: counts, "frequencies")
  }

  @Test func `wide inputs take several panels`() {
    var generator = SeededGenerator(seed: 5)
    let width = 300
    let inputs = [7, 0, 40].map { rows in (0..<rows * width).map { _ in generator.normal() } }
    var sum = MomentSum(width: width)
    sum.add(inputs)
    let values = sum.panels.indices.flatMap { sum.rows(ofPanel: $0, factor: 1 / 47) }
    #expect(sum.panels.count == 3)
    expect(values, equal: moments(inputs.map { $0.map(Double.init) }, width: width), "panels")
  }

  @Test(arguments: ["llama-biased", "mistral-sliding"])
  func `tokens weigh as their squared gradients`(_ name: String) throws {
    let reference = try ReferenceGradients(ModelFolders.references.appending(path: name))
    let model = reference.model
    var options = StatisticsGatherer.Options()
    options.weighsTokens = true
    let statistics = try StatisticsGatherer(model.transformer, options: options)
      .run(windows: [reference.tokens], labels: [reference.labels], to: folder.file("s"))
    #expect(statistics.summary.weighsTokens && statistics.summary.gradientWindowCount == 1)
    let inputs = try inputs(of: reference.tokens, in: model)
    for linear in model.configuration.linearLayers {
      var weights = [Double](repeating: 0, count: reference.tokens.count)
      for sharer in model.configuration.linearLayers
      where sharer.inputOwnerName == linear.inputOwnerName {
        let gradient = try reference.golden.floats(sharer.name)
        for (index, value) in gradient.enumerated() {
          weights[index / sharer.outFeatures] += Double(value) * Double(value)
        }
      }
      let x = try #require(inputs[linear.name])
      expect(
        try statistics.secondMoments(ofInputOf: linear.name),
        equal: moments([x], width: linear.inFeatures, weights: [weights]), within: 1e-4,
        linear.name)
    }
  }

  @Test(arguments: ["llama-biased", "mistral-sliding"])
  func `a layer's coupling is that of its tokens' gradients with their inputs`(
    _ name: String
  ) throws {
    let reference = try ReferenceGradients(ModelFolders.references.appending(path: name))
    let statistics = try StatisticsGatherer(reference.model.transformer)
      .run(windows: [reference.tokens], labels: [reference.labels], to: folder.file("s"))
    let inputs = try inputs(of: reference.tokens, in: reference.model)
    func squares(_ values: [Double], width: Int) -> [Double] {
      stride(from: 0, to: values.count, by: width).map { start in
        values[start..<start + width].reduce(0) { $0 + $1 * $1 }
      }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    for linear in reference.model.configuration.linearLayers {
      let gradient = try reference.golden.floats(linear.name).map(Double.init)
      let weights = squares(gradient, width: linear.outFeatures)
      let loads = squares(try #require(inputs[linear.name]), width: linear.inFeatures)
      let expected = mean(zip(weights, loads).map { $0 * $1 }) / (mean(weights) * mean(loads))
      let value = Double(try statistics.coupling(of: linear.name))
      #expect(abs(value - expected) <= 1e-3 * expected, "\(linear.name)")
    }
  }

  @Test(arguments: [false, true])
  func `the same bytes from any number of threads, others from another seed`(
    _ weighsTokens: Bool
  ) throws {
    let model = try TinyModel()
    func gather(_ name: String, threads: Int?, seed: UInt64 = 7) throws -> CalibrationStatistics {
      var options = TinyModel.gathering
      options.windowCount = 11
      options.gradientWindowCount = 5
      options.weighsTokens = weighsTokens
      options.threadCount = threads
      options.seed = seed
      return try StatisticsGatherer(model.opened.transformer, options: options)
        .run(TinyModel.tokens, to: folder.file(name))
    }
    let one = try gather("1", threads: 1)
    for threads in [2, 3, 4] { _ = try gather("\(threads)", threads: threads) }
    for threads in [2, 3, 4] { #expect(try folder.read("1") == folder.read("\(threads)")) }
    let other = try gather("other", threads: 2, seed: 8)
    #expect(other.summary.seed == 8)
    let name = "model.layers.0.self_attn.o_proj"
    #expect(try one.sensitivity(ofOutputOf: name) != other.sensitivity(ofOutputOf: name))
    #expect(try one.headSensitivity() == other.headSensitivity())
    let areEqual =
      try one.secondMoments(ofInputOf: name) == other.secondMoments(ofInputOf: name)
    #expect(areEqual == !weighsTokens)
    #expect(try folder.contents() == ["1", "2", "3", "4", "other"])
  }

  @Test func `a window longer than a tile of the head, and windows of one token`() throws {
    let model = try TinyModel()
    for length in [700, 2] {
      let window = (0..<length).map { TokenID($0 * 37 % 64) }
      let statistics = try StatisticsGatherer(model.opened.transformer)
        .run(windows: [window], to: folder.file("s"))
      #expect(statistics.summary.windowLength == length)
      let head = try inputs(of: window, in: model.opened)["head"]
      expect(
        try statistics.headSecondMoments(),
        equal: moments([try #require(head)], width: 32), "\(length)")
    }
  }

  /// Counts how often each weight is read.
  private final class CountingSource: WeightSource {
    let base: HuggingFaceFolder
    let spoiled: String?
    let names = Mutex<[String]>([])

    init(_ base: HuggingFaceFolder, spoiled: String? = nil) {
      self.base = base
      self.spoiled = spoiled
    }

    func shape(of name: String) -> [Int]? { base.shape(of: name) }

    func loadFloats(_ name: String) throws -> [Float] {
      names.withLock { $0.append(name) }
      var values = try base.loadFloats(name)
      if name == spoiled { values[3] = .nan }
      return values
    }
  }

  @Test func `layers are read one after the other, forward and back`() throws {
    let model = try TinyModel().opened
    let source = CountingSource(model.weights)
    let transformer = try Transformer(configuration: model.configuration, weights: source)
    _ = try TinyModel.gather(transformer, to: folder.file("s"))
    let names = source.names.withLock { $0 }.filter { $0.hasSuffix("q_proj.weight") }
    #expect(
      names == [0, 1, 1, 0].map { "model.layers.\($0).self_attn.q_proj.weight" })
    #expect(source.names.withLock { $0 }.count { $0 == "lm_head.weight" } == 1)
  }

  @Test(arguments: ["model.layers.1.mlp.up_proj.weight", "lm_head.weight"])
  func `a model that is not finite is refused, and nothing is left`(_ name: String) throws {
    let model = try TinyModel().opened
    let transformer = try Transformer(
      configuration: model.configuration, weights: CountingSource(model.weights, spoiled: name))
    let error = try #require(throws: BSTKError.self) {
      try TinyModel.gather(transformer, to: folder.file("s"))
    }
    #expect(error.code == .model)
    #expect(try folder.contents() == [])
  }

  @Test func `progress reaches its total, and throwing from it leaves nothing`() throws {
    let model = try TinyModel()
    var reports: [WorkProgress] = []
    _ = try model.gather(to: folder.file("s")) { reports.append($0) }
    #expect(reports.map(\.completed) == reports.map(\.completed).sorted())
    #expect(reports.last?.completed == reports.last?.total)
    struct Cancelled: Error {}
    for count in 1...reports.count {
      var asked = 0
      #expect(throws: Cancelled.self) {
        _ = try model.gather(to: folder.file("t")) { _ in
          asked += 1
          if asked == count { throw Cancelled() }
        }
      }
      #expect(try folder.contents() == ["s"])
    }
  }

  @Test func `a text shorter than a window is refused`() throws {
    let model = try TinyModel()
    let error = try #require(throws: BSTKError.self) {
      try StatisticsGatherer(model.opened.transformer, options: TinyModel.gathering)
        .run(Array(TinyModel.tokens.prefix(8)), to: folder.file("s"))
    }
    #expect(error.code == .model)
    #expect(try folder.contents() == [])
  }
}
