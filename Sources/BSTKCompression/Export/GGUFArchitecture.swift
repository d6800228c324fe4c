internal import BSTKInference
internal import BSTKModelFiles
internal import BSTKFormat

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A model's shape in llama.cpp's terms.
struct GGUFArchitecture {
  let configuration: ModelConfiguration
  let family: GGUFFamily
  /// Llama 3's factors of the rotary embedding, which llama.cpp wants as a tensor, or none.
  let rotaryFactors: [Float]
  private let scaling: [(String, GGUFValue)]

  var heads: GGUFHeadCounts {
    GGUFHeadCounts(query: configuration.headCount, key: configuration.keyValueHeadCount)
  }

  /// - Throws: `MODEL_UNSUPPORTED` for a rotary scaling that llama.cpp does not have.
  init(_ configuration: ModelConfiguration) throws(BSTKError) {
    self.configuration = configuration
    family =
      switch configuration.family {
      case .llama, .mistral: .llama
      case .qwen2: .qwen2
      }
    let rotary = configuration.rotaryEmbedding
    switch rotary.scaling {
    case .none:
      (scaling, rotaryFactors) = ([], [])
    case .linear(let factor):
      (scaling, rotaryFactors) = (
        [("type", .string("linear")), ("factor", .float32(Float(factor)))], []
      )
    case .llama3(let factor, let low, let high, let positions):
      let numbers = GGUFRotation.Llama3(
        factor: factor, low: low, high: high, originalPositions: positions)
      scaling = []
      rotaryFactors = numbers.factors(
        headSize: rotary.headDimension, base: rotary.base)
    case .yarn(let factor, 32, 1, let positions, true, let length)
    where abs(length - (1 + 0.1 * log(factor))) < 1e-6:
      (scaling, rotaryFactors) = (
        [
          ("type", .string("yarn")), ("factor", .float32(Float(factor))),
          ("original_context_length", .uint32(UInt32(clamping: positions))),
        ], []
      )
    case .dynamic, .yarn:
      throw BSTKError(
        .modelUnsupported, "llama.cpp has no rotary scaling like that of the model",
        remedy: "export a folder instead")
    }
  }

  /// The longest text within which the model is exact: llama.cpp's models of these families have no
  /// sliding window.
  private var contextLength: Int {
    configuration.slidingWindows.compactMap(\.self).reduce(configuration.maximumPositions, min)
  }

  /// The metadata under the name of the architecture.
  var metadata: [(key: String, value: GGUFValue)] {
    let headSize = UInt32(clamping: configuration.headDimension)
    let values: [(String, GGUFValue)] = [
      ("block_count", Self.size(configuration.layerCount)),
      ("context_length", Self.size(contextLength)),
      ("embedding_length", Self.size(configuration.hiddenSize)),
      ("feed_forward_length", Self.size(configuration.intermediateSize)),
      ("attention.head_count", Self.size(configuration.headCount)),
      ("attention.head_count_kv", Self.size(configuration.keyValueHeadCount)),
      ("attention.key_length", .uint32(headSize)),
      ("attention.value_length", .uint32(headSize)),
      ("attention.layer_norm_rms_epsilon", .float32(configuration.normEpsilon)),
      ("rope.dimension_count", .uint32(headSize)),
      ("rope.freq_base", .float32(Float(configuration.rotaryEmbedding.base))),
      ("vocab_size", Self.size(configuration.vocabularySize)),
    ]
    return (values + scaling.map { ("rope.scaling.\($0.0)", $0.1) }).map {
      (key: "\(family.architecture).\($0.0)", value: $0.1)
    }
  }

  private static func size(_ value: Int) -> GGUFValue { .uint32(UInt32(clamping: value)) }
}
