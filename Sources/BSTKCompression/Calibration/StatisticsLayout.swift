internal import BSTKInference
internal import BSTKModelFiles
internal import BSTKFormat
internal import BSTKInference
internal import BSTKModelFiles

/// The tensors of a statistics file: their names, shapes and order.
struct StatisticsLayout {
  static let head = "lm_head"
  static let embedding = "model.embed_tokens"
  static let frequency = embedding + ".frequency"

  static func secondMoments(_ module: String) -> String { module + ".second_moments" }
  static func channelNorms(_ module: String) -> String { module + ".channel_norms" }
  static func sensitivity(_ module: String) -> String { module + ".sensitivity" }
  static func coupling(_ module: String) -> String { module + ".coupling" }

  private let configuration: ModelConfiguration

  init(_ configuration: ModelConfiguration) { self.configuration = configuration }

  /// The layers that lend their names to the four inputs of a decoder layer.
  func inputOwners(inLayer layer: Int) -> [LinearLayer] {
    LinearLayer.Role.inputOwners.map { configuration.linearLayer($0, inLayer: layer) }
  }

  /// Every tensor in the order of its data: that in which they are gathered, so that none but the
  /// vectors at the end must be kept.
  ///
  /// - Parameter goesBack: Whether moments are gathered from the last layer to the first.
  func descriptions(goesBack: Bool = false) throws(BSTKError) -> [TensorDescription] {
    let hidden = configuration.hiddenSize
    var tensors: [(name: String, shape: [Int])] = []
    let layers = 0..<configuration.layerCount
    for layer in goesBack ? Array(layers.reversed()) : Array(layers) {
      for owner in inputOwners(inLayer: layer) {
        tensors.append((Self.secondMoments(owner.name), [owner.inFeatures, owner.inFeatures]))
      }
    }
    let headMoments = (Self.secondMoments(Self.head), [hidden, hidden])
    tensors.insert(headMoments, at: goesBack ? 0 : tensors.count)
    for layer in layers {
      tensors += inputOwners(inLayer: layer).map { (Self.channelNorms($0.name), [$0.inFeatures]) }
    }
    tensors += configuration.linearLayers.map { (Self.sensitivity($0.name), [$0.outFeatures]) }
    tensors += configuration.linearLayers.map { (Self.coupling($0.name), [1]) }
    tensors.append((Self.sensitivity(Self.head), [configuration.vocabularySize]))
    tensors.append((Self.frequency, [configuration.vocabularySize]))
    tensors.append((Self.sensitivity(Self.embedding), [hidden]))
    var descriptions: [TensorDescription] = []
    for tensor in tensors {
      descriptions.append(
        try TensorDescription(name: tensor.name, type: .f32, shape: tensor.shape))
    }
    return descriptions
  }
}

extension LinearLayer.Role {
  /// The first layer of each input that a decoder layer has, in the order of the forward pass.
  static let inputOwners: [Self] = [.query, .attentionOutput, .gate, .down]

  /// The first of the layers that share this one's input.
  var inputOwner: Self {
    switch self {
    case .query, .key, .value: .query
    case .attentionOutput: .attentionOutput
    case .gate, .up: .gate
    case .down: .down
    }
  }

  /// The place of this one's input in ``inputOwners``.
  var inputNumber: Int {
    switch self {
    case .query, .key, .value: 0
    case .attentionOutput: 1
    case .gate, .up: 2
    case .down: 3
    }
  }
}

extension LinearLayer {
  /// The name of the first of the layers that share this one's input.
  var inputOwnerName: String { "model.layers.\(layer).\(role.inputOwner.rawValue)" }
}
