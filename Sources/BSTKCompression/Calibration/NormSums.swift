internal import BSTKInference

/// The L2 norms of each input's channels, summed over windows.
struct NormSums {
  private let configuration: ModelConfiguration
  private let windowCount: Int
  /// By layer, and by place in `LinearLayer.Role.inputOwners`.
  private var sums: [[[Double]]]

  init(configuration: ModelConfiguration, windowCount: Int) {
    self.configuration = configuration
    self.windowCount = windowCount
    sums = (0..<configuration.layerCount).map { layer in
      LinearLayer.Role.inputOwners.map { role in
        let width = configuration.linearLayer(role, inLayer: layer).inFeatures
        return [Double](repeating: 0, count: width)
      }
    }
  }

  /// Adds the norms of some windows, in their order.
  mutating func add(_ passes: [WindowPass], layer: Int) {
    for pass in passes {
      for (input, norms) in pass.norms.enumerated() {
        for (channel, norm) in norms.enumerated() { sums[layer][input][channel] += norm }
      }
    }
  }

  /// The mean over windows of an input's norms.
  func means(layer: Int, input: Int) -> [Float] {
    sums[layer][input].map { Float($0 / Double(windowCount)) }
  }

  /// The means under the name of every linear layer.
  var byLinearLayer: [String: [Float]] {
    var norms: [String: [Float]] = [:]
    for linear in configuration.linearLayers {
      for (input, owner) in LinearLayer.Role.inputOwners.enumerated()
      where owner == linear.role.inputOwner {
        norms[linear.name] = means(layer: linear.layer, input: input)
      }
    }
    return norms
  }
}
