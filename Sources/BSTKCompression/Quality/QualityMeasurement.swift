internal import BSTKInference
internal import BSTKTokenizer
internal import BSTKModelFiles
internal import BSTKFormat
internal import BSTKStore

/// Measures the perplexity of a complete file at cut points of a stack that is not yet written.
struct QualityMeasurement {
  /// The file, in whatever order.
  let draft: ModelFile
  /// The order its blocks will have.
  let stack: [(matrix: Int, level: Int)]
  /// The uncompressed model.
  let source: any ModelSource
  /// The model's shape.
  let configuration: ModelConfiguration
  /// How the text is cut up.
  let `protocol`: EvaluationProtocol

  /// A cut point of the stack.
  private struct Cut {
    let blockCount: Int
    let levels: [Int]
  }

  /// Measures the source and `cutCount` cuts from the base to the complete file, spread evenly over
  /// their bytes.
  ///
  /// - Parameter progress: Called often. Throwing cancels.
  func run(
    _ tokens: [TokenID], cutCount: Int, label: String, progress: (WorkProgress) throws -> Void
  ) throws -> QualityTable {
    let cuts = cuts(max(cutCount, 2))
    let sourceValue = try measure(source, tokens, number: 0, of: cuts.count, progress)
    var points: [QualityTable.Point] = []
    for (number, cut) in cuts.enumerated() {
      let weights = BSTKWeights(draft, levelCounts: cut.levels)
      let value = try measure(weights, tokens, number: number + 1, of: cuts.count, progress)
      guard value.isFinite else { continue }
      points.append(
        QualityTable.Point(
          chunkCount: draft.manifest.baseChunkCount + cut.blockCount, value: value))
    }
    return QualityTable(
      metric: .perplexity, label: label, sourceValue: sourceValue.isFinite ? sourceValue : .nan,
      points: points)
  }

  private func measure(
    _ weights: any WeightSource, _ tokens: [TokenID], number: Int, of count: Int,
    _ progress: (WorkProgress) throws -> Void
  ) throws -> Double {
    let transformer = try Transformer(configuration: configuration, weights: weights)
    return try Perplexity.measure(tokens, with: transformer, protocol: `protocol`) { step in
      try progress(
        WorkProgress(
          completed: number * step.total + step.completed, total: (count + 1) * step.total))
    }.value
  }

  private func cuts(_ count: Int) -> [Cut] {
    let sizes = BlockWorths.storedByteCounts(draft.manifest)
    let total = stack.reduce(0) { $0 + sizes[$1.matrix][$1.level] }
    var cuts: [Cut] = []
    var levels = draft.manifest.matrices.map(\.baseLevelCount)
    var byteCount = 0
    for (index, block) in stack.enumerated() {
      if byteCount >= total * cuts.count / (count - 1) {
        cuts.append(Cut(blockCount: index, levels: levels))
      }
      levels[block.matrix] += 1
      byteCount += sizes[block.matrix][block.level]
    }
    return cuts + [Cut(blockCount: stack.count, levels: levels)]
  }
}
