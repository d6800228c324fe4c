/// One of the seven linear layers in each decoder layer: what calibration observes and compression
/// decomposes.
public struct LinearLayer: Hashable, Sendable {
  /// Which of the seven.
  public enum Role: String, Sendable, CaseIterable {
    case query = "self_attn.q_proj"
    case key = "self_attn.k_proj"
    case value = "self_attn.v_proj"
    case attentionOutput = "self_attn.o_proj"
    case gate = "mlp.gate_proj"
    case up = "mlp.up_proj"
    case down = "mlp.down_proj"
  }

  /// Number of the decoder layer, from 0.
  public let layer: Int
  /// Which of the seven.
  public let role: Role
  /// Columns of the weight.
  public let inFeatures: Int
  /// Rows of the weight.
  public let outFeatures: Int
  /// Whether a bias is added.
  public let hasBias: Bool

  /// The module's Hugging Face name, `model.layers.0.self_attn.q_proj`.
  public var name: String { "model.layers.\(layer).\(role.rawValue)" }
  /// The name of its weight, [``outFeatures``, ``inFeatures``].
  public var weightName: String { name + ".weight" }
  /// The name of its bias, [``outFeatures``].
  public var biasName: String { name + ".bias" }
}

extension ModelConfiguration {
  /// The linear layer with that role in the decoder layer with that number.
  public func linearLayer(_ role: LinearLayer.Role, inLayer layer: Int) -> LinearLayer {
    let heads = headCount * headDimension
    let keyValueHeads = keyValueHeadCount * headDimension
    let (inFeatures, outFeatures, hasBias) =
      switch role {
      case .query: (hiddenSize, heads, hasAttentionBias)
      case .key, .value: (hiddenSize, keyValueHeads, hasAttentionBias)
      case .attentionOutput: (heads, hiddenSize, hasAttentionOutputBias)
      case .gate, .up: (hiddenSize, intermediateSize, hasMLPBias)
      case .down: (intermediateSize, hiddenSize, hasMLPBias)
      }
    return LinearLayer(
      layer: layer, role: role, inFeatures: inFeatures, outFeatures: outFeatures, hasBias: hasBias)
  }

  /// Every linear layer, in the order of the decoder layers and of ``LinearLayer/Role``.
  public var linearLayers: [LinearLayer] {
    (0..<layerCount).flatMap { layer in
      LinearLayer.Role.allCases.map { linearLayer($0, inLayer: layer) }
    }
  }
}
