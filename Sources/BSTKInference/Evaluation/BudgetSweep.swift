public import BSTKTokenizer
internal import BSTKModelFiles
public import BSTKFormat
public import BSTKStore

/// Perplexity of one file at several cuts in a single pass over its layers.
///
/// Each layer is loaded for the smallest cut, applied to that cut's states, then grown to the next
/// cut by adding the blocks in between, and so on: every block is read and decoded once, however
/// many cuts there are.
public struct BudgetSweep {
  private let file: ModelFile
  private let configuration: ModelConfiguration

  /// Prepares a sweep; reads no weights.
  public init(_ file: ModelFile, configuration: ModelConfiguration) {
    self.file = file
    self.configuration = configuration
  }

  /// Measures the perplexity of every cut on a text.
  ///
  /// - Parameters:
  ///   - cuts: Cuts of the file that are there.
  ///   - protocol: How the text is cut up; its batch bytes are shared by all cuts.
  ///   - progress: Called after each layer. Throwing cancels.
  /// - Precondition: `cuts` ascend.
  /// - Returns: One perplexity for each cut.
  /// - Throws: `MODEL` when the text is too short, what reading throws, what `progress` throws.
  public func run(
    _ tokens: [TokenID], cuts: [Cut], protocol: EvaluationProtocol = EvaluationProtocol(),
    progress: (WorkProgress) throws -> Void = { _ in }
  ) throws -> [Perplexity] {
    guard let largest = cuts.last else { return [] }
    precondition(
      zip(cuts, cuts.dropFirst()).allSatisfy { $0.chunkCount <= $1.chunkCount },
      "cuts ascend")
    let windows = try `protocol`.windows(of: tokens)
    _ = try BSTKWeights(file, chunkCount: largest.chunkCount)
    let levels = cuts.map { file.manifest.levelCounts(ofChunks: $0.chunkCount) }
    let weights = levels.map { BSTKWeights(file, levelCounts: $0) }
    let transformer = try Transformer(configuration: configuration, weights: weights[0])
    /// Whether a cut has more of a tensor than the cut before it.
    func grows(_ name: String, at cut: Int) -> Bool {
      guard cut > 0 else { return true }
      guard let tensor = weights[cut].matrixTensor(named: name) else { return false }
      return tensor.parts.contains { levels[cut][$0] != levels[cut - 1][$0] }
    }
    let stateBytes =
      `protocol`.windowLength * configuration.hiddenSize * MemoryLayout<Float>.size * cuts.count
    let batch = max(1, `protocol`.batchByteCount / stateBytes)
    let batchCount = (windows.count + batch - 1) / batch
    let total = batchCount * (configuration.layerCount + 1) * cuts.count
    var sums = [Double](repeating: 0, count: cuts.count)
    var completed = 0
    for start in stride(from: 0, to: windows.count, by: batch) {
      let part = Array(windows[start..<min(start + batch, windows.count)])
      var states: [HiddenStates] = []
      do {
        var embedding = try transformer.loadEmbedding()
        for cut in cuts.indices {
          guard grows(Transformer.embeddingName, at: cut) else {
            states.append(states[cut - 1])
            continue
          }
          if cut > 0 {
            try weights[cut].grow(
              &embedding, named: Transformer.embeddingName, from: levels[cut - 1])
          }
          states.append(try transformer.embed(part, with: embedding))
        }
      }
      for index in 0..<configuration.layerCount {
        var layer = try transformer.loadLayer(index)
        for cut in cuts.indices {
          if cut > 0 { try layer.grow(from: levels[cut - 1], to: weights[cut]) }
          try transformer.apply(layer, to: &states[cut])
          completed += 1
          try progress(WorkProgress(completed: completed, total: total))
        }
      }
      var head = try transformer.loadHead()
      for cut in cuts.indices {
        if cut > 0 {
          try weights[cut].grow(
            &head.weight, named: transformer.headName, from: levels[cut - 1])
        }
        sums[cut] += head.logProbabilities(states[cut], windows: part).reduce(0, +)
        completed += 1
        try progress(WorkProgress(completed: completed, total: total))
      }
    }
    let predicted = windows.count * (`protocol`.windowLength - 1)
    return sums.map { sum in
      Perplexity(
        meanLoss: -sum / Double(predicted), windowCount: windows.count,
        predictedTokenCount: predicted)
    }
  }
}

extension LayerWeights {
  /// Gives each matrix that is coded in levels those that `source` has more than `old`.
  mutating func grow(from old: [Int], to source: BSTKWeights) throws {
    for position in linears.indices {
      try source.grow(
        &linears[position].weight, named: linears[position].layer.weightName, from: old)
    }
  }
}
