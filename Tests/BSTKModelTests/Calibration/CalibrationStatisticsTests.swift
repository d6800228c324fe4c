import BSTKFormat
import BSTKTestSupport
import BSTKTokenizer
import Foundation
import Testing

@testable import BSTKCompression
@testable import BSTKInference
@testable import BSTKModelFiles

/// Statistics files as they may be found.
@Suite("Statistics files")
struct CalibrationStatisticsTests {
  private let model: TinyModel
  private let folder: TemporaryFolder

  init() throws {
    model = try TinyModel()
    folder = try TemporaryFolder()
  }

  private var configuration: ModelConfiguration { model.opened.configuration }

  private let summary = CalibrationStatistics.Summary(
    windowCount: 4, windowLength: 9, gradientWindowCount: 2, seed: .max, weighsTokens: true)

  /// Writes a file of ones.
  private func write(
    metadata: [String: String]? = nil, leavingOut missing: String? = nil,
    reshaping reshaped: String? = nil, retyping retyped: String? = nil,
    with values: [String: Float] = [:]
  ) throws -> String {
    var tensors: [TensorDescription] = []
    for tensor in try StatisticsLayout(configuration).descriptions()
    where tensor.name != missing {
      let shape = tensor.name == reshaped ? tensor.shape + [1] : tensor.shape
      tensors.append(
        try TensorDescription(
          name: tensor.name, type: tensor.name == retyped ? .f16 : .f32, shape: shape))
    }
    var writer = try SafetensorsWriter(
      path: folder.file("s"), inOrder: tensors, metadata: metadata ?? summary.metadata)
    for tensor in tensors {
      var floats = [Float](repeating: 1, count: tensor.elementCount)
      // The second on the diagonal of a matrix, the second of a vector, or the only one.
      if let value = values[tensor.name] {
        let place = tensor.shape.count == 2 ? tensor.shape[0] + 1 : 1
        floats[min(place, floats.count - 1)] = value
      }
      try writer.append(FloatConversion.encode(floats.span, as: tensor.type).span)
    }
    try writer.finish()
    return folder.file("s")
  }

  private func open(_ path: String) throws -> CalibrationStatistics {
    try CalibrationStatistics(path: path, configuration: configuration)
  }

  @Test func `the summary survives, and sharers read the same`() throws {
    let statistics = try open(write())
    #expect(statistics.summary == summary)
    let gathered = try model.gather(to: folder.file("g"))
    #expect(gathered.summary.windowCount == 4 && gathered.summary.windowLength == 9)
    #expect(gathered.summary.gradientWindowCount == 2 && gathered.summary.seed == 7)
    let prefix = "model.layers.1."
    for (first, others) in [
      ("self_attn.q_proj", ["self_attn.k_proj", "self_attn.v_proj"]),
      ("mlp.gate_proj", ["mlp.up_proj"]),
    ] {
      let moments = try gathered.secondMoments(ofInputOf: prefix + first)
      let norms = try gathered.channelNorms(ofInputOf: prefix + first)
      for other in others {
        #expect(try gathered.secondMoments(ofInputOf: prefix + other) == moments)
        #expect(try gathered.channelNorms(ofInputOf: prefix + other) == norms)
      }
    }
    #expect(gathered.summary.metadata.keys.sorted() == ["bstk_statistics"])
  }

  @Test(
    arguments: [
      [:], ["format": "pt"],
      ["bstk_statistics": ""],
      ["bstk_statistics": "version=1 windows=4 length=9 gradient_windows=2 seed=0 weighs_tokens=0"],
      ["bstk_statistics": "version=2 windows=0 length=9 gradient_windows=0 seed=0 weighs_tokens=0"],
      ["bstk_statistics": "version=2 windows=4 length=9 gradient_windows=5 seed=0 weighs_tokens=0"],
      [
        "bstk_statistics": "version=2 windows=4 length=-9 gradient_windows=2 seed=0 weighs_tokens=0"
      ],
      [
        "bstk_statistics": "version=2 windows=4 length=9 gradient_windows=2 seed=-1 weighs_tokens=0"
      ],
      ["bstk_statistics": "version=2 windows=4 length=9 gradient_windows=2 seed=0 weighs_tokens=2"],
      ["bstk_statistics": "version=2 windows=4 length=9 gradient_windows=2 seed=0"],
      ["bstk_statistics": "version=2 version=2 windows=4 length=9 gradient_windows=2 seed=0"],
      ["bstk_statistics": "version=2 windows length=9 gradient_windows=2 seed=0 weighs_tokens=0"],
    ] as [[String: String]])
  func `what says something else of itself is refused`(_ metadata: [String: String]) throws {
    let path = try write(metadata: metadata)
    let error = try #require(throws: BSTKError.self) { try open(path) }
    #expect(error.code == .model)
  }

  @Test func `every tensor must be there with its shape and type`() throws {
    for tensor in try StatisticsLayout(configuration).descriptions() {
      for path in [
        try write(leavingOut: tensor.name), try write(reshaping: tensor.name),
        try write(retyping: tensor.name),
      ] {
        let error = try #require(throws: BSTKError.self) { try open(path) }
        #expect(error.code == .model && error.message.contains(tensor.name))
      }
    }
  }

  @Test func `another model's statistics are refused`() throws {
    let deeper = try ModelConfiguration(
      json: Array(
        model.opened.text("config.json").replacing(
          "\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 3"
        ).utf8
      ).span)
    let path = try write()
    #expect(throws: BSTKError.self) {
      try CalibrationStatistics(path: path, configuration: deeper)
    }
    #expect(throws: BSTKError.self) { try open(path).sensitivity(ofOutputOf: "lm_head") }
    #expect(throws: BSTKError.self) { try open(path).secondMoments(ofInputOf: "") }
  }

  @Test(arguments: [Float.nan, Float.infinity, -Float.infinity, -1])
  func `numbers are checked when they are asked for, and no others`(_ value: Float) throws {
    let layer = "model.layers.0.mlp.down_proj"
    let other = "model.layers.1.mlp.down_proj"
    let names = ["lm_head.second_moments", layer + ".second_moments"]
    let statistics = try open(
      write(with: Dictionary(uniqueKeysWithValues: names.map { ($0, value) })))
    for read in [
      { try statistics.secondMoments(ofInputOf: layer) }, { try statistics.headSecondMoments() },
    ] {
      let error = try #require(throws: BSTKError.self) { _ = try read() }
      #expect(error.code == .model)
    }
    #expect(try statistics.secondMoments(ofInputOf: other).allSatisfy { $0 == 1 })
    #expect(try statistics.sensitivity(ofOutputOf: layer).allSatisfy { $0 == 1 })
  }

  @Test(arguments: [Float.nan, -Float.infinity, -1])
  func `vectors have no negative numbers`(_ value: Float) throws {
    let layer = "model.layers.0.self_attn.q_proj"
    let reads: [(String, (CalibrationStatistics) throws -> [Float])] = [
      (layer + ".channel_norms", { try $0.channelNorms(ofInputOf: layer) }),
      (layer + ".sensitivity", { try $0.sensitivity(ofOutputOf: layer) }),
      (layer + ".coupling", { try [$0.coupling(of: layer)] }),
      ("lm_head.sensitivity", { try $0.headSensitivity() }),
      ("model.embed_tokens.frequency", { try $0.tokenFrequencies() }),
      ("model.embed_tokens.sensitivity", { try $0.embeddingSensitivity() }),
    ]
    for (name, read) in reads {
      let statistics = try open(write(with: [name: value]))
      let error = try #require(throws: BSTKError.self) { _ = try read(statistics) }
      #expect(error.code == .model && error.message.contains(name))
      for (other, read) in reads where other != name {
        #expect(try read(statistics).allSatisfy { $0 == 1 })
      }
    }
  }
}
