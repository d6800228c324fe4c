internal import BSTKFormat
internal import BSTKModelFiles

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

extension ConfigurationReader {
  /// The rotary embedding from `rope_parameters` (transformers 5) or `rope_scaling` and
  /// `rope_theta` (before).
  func rotaryEmbedding(
    headDimension: Int, maximumPositions: Int
  ) throws(BSTKError) -> RotaryEmbedding {
    let parameters = json["rope_scaling"] ?? json["rope_parameters"] ?? .object([])
    guard let members = parameters.objectValue else {
      throw BSTKError(.model, "config.json: the rotary parameters are not an object")
    }
    if members.contains(where: { $0.value.objectValue != nil }) {
      throw BSTKError(
        .modelUnsupported, "config.json: rotary parameters that differ by layer are not known")
    }
    let outside = try number("rope_theta", in: 1.0001...1e12, default: 10_000)
    let base = try number("rope_theta", in: 1.0001...1e12, default: outside, in: parameters)
    let rotated = try number(
      "partial_rotary_factor", in: 0...1,
      default: try number("partial_rotary_factor", in: 0...1, default: 1), in: parameters)
    guard rotated == 1 else {
      throw BSTKError(.modelUnsupported, "config.json: heads rotated in part are not known")
    }
    let scaling = try scaling(parameters, maximumPositions: maximumPositions)
    return RotaryEmbedding(headDimension: headDimension, base: base, scaling: scaling)
  }

  private func scaling(
    _ parameters: JSONValue, maximumPositions: Int
  ) throws(BSTKError) -> RotaryEmbedding.Scaling {
    let type = parameters["rope_type"] ?? parameters["type"] ?? .string("default")
    let factors = 1e-3...1e6
    func factor() throws(BSTKError) -> Double { try number("factor", in: factors, in: parameters) }
    func originalPositions() throws(BSTKError) -> Int {
      let inside = try size(
        "original_max_position_embeddings", upTo: 1 << 30, default: maximumPositions,
        in: parameters)
      return try size("original_max_position_embeddings", upTo: 1 << 30, default: inside)
    }

    switch type.stringValue {
    case "default":
      return .none
    case "linear":
      return .linear(factor: try factor())
    case "dynamic":
      return .dynamic(factor: try factor(), maximumPositions: maximumPositions)
    case "llama3":
      let low = try number("low_freq_factor", in: factors, in: parameters)
      let high = try number("high_freq_factor", in: factors, in: parameters)
      guard low < high else {
        throw BSTKError(.model, "config.json: low_freq_factor is not below high_freq_factor")
      }
      return .llama3(
        factor: try factor(), lowFrequencyFactor: low, highFrequencyFactor: high,
        originalPositions: try originalPositions())
    case "yarn":
      return try yarn(
        parameters, originalPositions: try originalPositions(), maximumPositions: maximumPositions)
    default:
      let name = type.stringValue ?? "of that kind"
      throw BSTKError(.modelUnsupported, "the rotary scaling \(name.prefix(100)) is not known")
    }
  }

  private func yarn(
    _ parameters: JSONValue, originalPositions: Int, maximumPositions: Int
  ) throws(BSTKError) -> RotaryEmbedding.Scaling {
    let factor = try number(
      "factor", in: 1e-3...1e6, default: Double(maximumPositions) / Double(originalPositions),
      in: parameters)
    func length(_ multiplier: Double) -> Double {
      factor <= 1 ? 1 : 0.1 * multiplier * log(factor) + 1
    }
    let scales = 0...1e6
    let numerator = try number("mscale", in: scales, default: 0, in: parameters)
    let denominator = try number("mscale_all_dim", in: scales, default: 0, in: parameters)
    // Zero counts as not given, as in the library; so it does for both betas.
    let inferred =
      numerator > 0 && denominator > 0 ? length(numerator) / length(denominator) : length(1)
    let fast = try number("beta_fast", in: scales, default: 0, in: parameters)
    let slow = try number("beta_slow", in: scales, default: 0, in: parameters)
    return .yarn(
      factor: factor, betaFast: fast > 0 ? fast : 32, betaSlow: slow > 0 ? slow : 1,
      originalPositions: originalPositions,
      truncates: try flag("truncate", default: true, in: parameters),
      attentionFactor: try number(
        "attention_factor", in: scales, default: inferred, in: parameters))
  }
}
