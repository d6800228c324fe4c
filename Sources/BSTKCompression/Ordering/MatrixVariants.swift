internal import BSTKInference
internal import BSTKTokenizer
internal import BSTKModelFiles
internal import BSTKFormat

/// Runs a model many times at once, each time with one matrix changed.
///
/// All variants go through the layers together: each layer is loaded once and applied to the
/// states of every matrix changed in it or before. Cost: half a forward pass a variant, on average.
/// Memory: a layer, and variants × tokens × width floats, which is why a text is run in batches of
/// windows.
struct MatrixVariants {
  /// The states behind the last layer.
  struct Outcome {
    /// Of the unchanged model.
    let base: HiddenStates
    /// Of each variant, with the number of its matrix.
    let variants: [(matrix: Int, states: HiddenStates)]
  }

  /// The states held at once, unless those of a single window take more.
  static let stateByteCount = 1 << 30

  /// The model that is varied.
  let transformer: Transformer
  /// Which matrices there are.
  let compressed: BSTKWeights

  /// The windows in parts that are run one after the other.
  ///
  /// - Precondition: The windows have equal lengths.
  func batches(of windows: [[TokenID]], stateByteCount: Int = Self.stateByteCount) -> [[[TokenID]]]
  {
    let width = transformer.configuration.hiddenSize
    let stateBytes =
      (windows.first?.count ?? 1) * width * MemoryLayout<Float>.size
      * (variantCounts.reduce(0, +) + 1)
    let size = max(1, stateByteCount / max(stateBytes, 1))
    return stride(from: 0, to: windows.count, by: size).map {
      Array(windows[$0..<min($0 + size, windows.count)])
    }
  }

  /// A meter that is full when all windows have been run and every outcome's tokens counted, those
  /// of the base and of each variant.
  func meter(_ windows: [[TokenID]], runs: Int = 1) -> WorkMeter {
    var variants = 0
    var applications = 0
    for count in variantCounts {
      variants += count
      applications += variants + 1
    }
    let tokens = windows.reduce(0) { $0 + $1.count }
    return WorkMeter(total: runs * tokens * (applications + variants + 1))
  }

  /// The matrices that are varied, by layer.
  private var variantCounts: [Int] {
    (0..<transformer.configuration.layerCount).map { layer in
      LinearLayer.Role.allCases.reduce(0) { count, role in
        let linear = transformer.configuration.linearLayer(role, inLayer: layer)
        return count + (compressed.matrixTensor(named: linear.weightName)?.parts.count ?? 0)
      }
    }
  }

  /// Runs every variant over the windows.
  ///
  /// - Parameters:
  ///   - levels: The levels that the changed matrix has, of the compressed file's.
  ///   - meter: Counts the tokens of every layer that is applied.
  ///   - progress: Called after each layer of each variant. Throwing cancels.
  func run(
    _ windows: [[TokenID]], levels: Int, meter: inout WorkMeter,
    progress: (WorkProgress) throws -> Void
  ) throws -> Outcome {
    var base = try transformer.embed(windows)
    let tokens = base.tokenCount
    var variants: [(matrix: Int, states: HiddenStates)] = []
    for index in 0..<transformer.configuration.layerCount {
      let layer = try transformer.loadLayer(index, as: .floats)
      for number in variants.indices {
        try transformer.apply(layer, to: &variants[number].states)
        try progress(meter.advance(by: tokens))
      }
      for (position, linear) in layer.linears.enumerated() {
        guard let tensor = compressed.matrixTensor(named: linear.layer.weightName) else { continue }
        for number in tensor.parts {
          var weights = linear.weight.floats()
          var span = weights.mutableSpan
          try compressed.loadMatrix(number, levels: levels, into: &span)
          var changed = layer
          changed.linears[position].weight = WeightMatrix(
            rows: tensor.rows, columns: tensor.columns, floats: weights)
          var states = base
          try transformer.apply(changed, to: &states)
          variants.append((number, states))
          try progress(meter.advance(by: tokens))
        }
      }
      try transformer.apply(layer, to: &base)
      try progress(meter.advance(by: tokens))
    }
    return Outcome(base: base, variants: variants)
  }
}
