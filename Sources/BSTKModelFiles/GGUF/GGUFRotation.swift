internal import BSTKFormat

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The rotary embedding, as GGUF files and as `config.json` write it.
///
/// Llama 3's scaling is a tensor of factors in GGUF files, one for each pair of a head, and four
/// numbers in `config.json`; they are found again by what factors they give.
package struct GGUFRotation {
  /// The tensor of factors.
  package static let factorsName = "rope_freqs.weight"

  let headSize: Int
  let base: Double
  /// The value of `rope_scaling`.
  let scaling: JSONValue

  init(
    _ file: GGUFFile, prefix: String, headSize: Int, maximumPositions: Int
  ) throws(BSTKError) {
    let metadata = file.metadata
    let rotated = try metadata.integer("\(prefix).rope.dimension_count", default: headSize)
    guard rotated == headSize, headSize % 2 == 0 else {
      throw BSTKError(
        .modelUnsupported, "heads of \(headSize) of which \(rotated) are rotated are not known")
    }
    self.headSize = headSize
    base = try metadata.number("\(prefix).rope.freq_base", default: 10_000)
    guard base > 1, base <= 1e12 else {
      throw GGUFHeader.fault("the base of the rotary embedding is \(base)", at: nil)
    }
    let type = try metadata.text("\(prefix).rope.scaling.type", default: "none")
    let factors = file.tensors.first { $0.name == Self.factorsName }
    switch (type, factors) {
    case ("none", nil):
      let scale = try metadata.number("\(prefix).rope.scale_linear", default: 1)
      scaling = scale == 1 ? .null : Self.linear(scale)
    case ("none", let factors?):
      scaling = try Self.llama3(file, factors, headSize: headSize, base: base)
    case ("linear", nil):
      scaling = Self.linear(try metadata.number("\(prefix).rope.scaling.factor"))
    case ("yarn", nil):
      scaling = .members([
        ("rope_type", .string("yarn")),
        ("factor", .number(try metadata.number("\(prefix).rope.scaling.factor"))),
        (
          "original_max_position_embeddings",
          .integer(
            try metadata.integer(
              "\(prefix).rope.scaling.original_context_length", default: maximumPositions))
        ),
      ])
    default:
      throw BSTKError(.modelUnsupported, "the rotary scaling \(type.prefix(100)) is not known")
    }
  }

  private static func linear(_ factor: Double) -> JSONValue {
    .members([("rope_type", .string("linear")), ("factor", .number(factor))])
  }

  /// The numbers of Llama 3's kind of scaling.
  package struct Llama3: Hashable {
    var factor: Double
    var low: Double
    var high: Double
    var originalPositions: Int

    /// The numbers, as a configuration names them.
    package init(
      factor: Double, low: Double = 1, high: Double = 4, originalPositions: Int = 8192
    ) {
      self.factor = factor
      self.low = low
      self.high = high
      self.originalPositions = originalPositions
    }

    /// By what each pair's frequency is divided.
    package func factors(headSize: Int, base: Double) -> [Float] {
      (0..<headSize / 2).map { pair in
        let frequency = 1 / pow(base, Double(2 * pair) / Double(headSize))
        let turns = Double(originalPositions) * frequency / (2 * Double.pi)
        if turns > high { return 1 }
        if turns < low { return Float(factor) }
        let smooth = (turns - low) / (high - low)
        return Float(1 / ((1 - smooth) / factor + smooth))
      }
    }
  }

  private static func llama3(
    _ file: GGUFFile, _ tensor: GGUFTensor, headSize: Int, base: Double
  ) throws(BSTKError) -> JSONValue {
    var stored = [Float](repeating: 0, count: tensor.elementCount)
    guard stored.count == headSize / 2 else {
      throw GGUFHeader.fault("tensor \(tensor.name) has \(stored.count) elements", at: nil)
    }
    var span = stored.mutableSpan
    try file.readFloats(of: tensor, from: 0, into: &span)
    if stored.allSatisfy({ $0 == 1 }) { return .null }
    let factor = stored.reduce(0, max)
    guard factor > 1, factor.isFinite else { throw unknownFactors() }
    // All known models have 8192; any that gives the same factors is as good.
    for positions in [8192] + (4...20).map({ 1 << $0 }) {
      var candidate = Llama3(factor: Double("\(factor)") ?? Double(factor))
      candidate.originalPositions = positions
      let calculated = candidate.factors(headSize: headSize, base: base)
      guard zip(stored, calculated).allSatisfy({ abs($0 - $1) <= 1e-4 * $1 }) else { continue }
      return .members([
        ("rope_type", .string("llama3")), ("factor", .number(candidate.factor)),
        ("low_freq_factor", .number(candidate.low)),
        ("high_freq_factor", .number(candidate.high)),
        ("original_max_position_embeddings", .integer(positions)),
      ])
    }
    throw unknownFactors()
  }

  private static func unknownFactors() -> BSTKError {
    BSTKError(
      .modelUnsupported,
      "the factors of the rotary embedding in \(factorsName) are of no known kind")
  }
}
