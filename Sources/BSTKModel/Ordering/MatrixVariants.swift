internal import BSTKFormat

/// Runs a model many times at once, each time with one matrix changed.
///
/// All variants go through the layers together: each layer is loaded once and applied to the
/// states of every matrix changed in it or before. Cost: half a forward pass a variant, on average.
/// Memory: a layer, and variants × tokens × width floats.
struct MatrixVariants {
  /// The states behind the last layer.
  struct Outcome {
    /// Of the unchanged model.
    let base: HiddenStates
    /// Of each variant, with the number of its matrix.
    let variants: [(matrix: Int, states: HiddenStates)]
  }

  /// The model that is varied.
  let transformer: Transformer
  /// Which matrices there are.
  let compressed: BSTKWeights

  /// Runs every variant over the windows.
  ///
  /// - Parameters:
  ///   - levels: The levels that the changed matrix has, of the compressed file's.
  ///   - progress: Called after each layer. Throwing cancels.
  func run(
    _ windows: [[TokenID]], levels: Int, progress: (WorkProgress) throws -> Void
  ) throws -> Outcome {
    var base = try transformer.embed(windows)
    var variants: [(matrix: Int, states: HiddenStates)] = []
    let layerCount = transformer.configuration.layerCount
    let matricesInLayer = LinearLayer.Role.allCases.count
    // A layer is applied to the base and to all variants so far; this sums that up.
    let total = layerCount + matricesInLayer * layerCount * (layerCount + 1) / 2
    var completed = 0
    for index in 0..<layerCount {
      let layer = try transformer.loadLayer(index)
      for number in variants.indices {
        try transformer.apply(layer, to: &variants[number].states)
      }
      for (position, linear) in layer.linears.enumerated() {
        guard let number = compressed.matrixNumber(named: linear.layer.weightName) else { continue }
        var changed = layer
        changed.linears[position].weight = try compressed.loadMatrix(number, levels: levels)
        var states = base
        try transformer.apply(changed, to: &states)
        variants.append((number, states))
      }
      try transformer.apply(layer, to: &base)
      completed += variants.count + 1
      try progress(WorkProgress(completed: min(completed, total), total: total))
    }
    return Outcome(base: base, variants: variants)
  }
}
