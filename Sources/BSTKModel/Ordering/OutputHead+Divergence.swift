extension OutputHead {
  /// The KL divergence in nats of the next-token distributions of `states` from those of
  /// `reference`, averaged over tokens.
  ///
  /// - Precondition: both are states of the same texts.
  func meanDivergence(of states: HiddenStates, from reference: HiddenStates) -> Double {
    precondition(states.values.count == reference.values.count)
    let width = states.width
    let vocabulary = configuration.vocabularySize
    let tileRows = 64
    var sum = 0.0
    for start in stride(from: 0, to: states.tokenCount, by: tileRows) {
      let rows = min(tileRows, states.tokenCount - start)
      let range = start * width..<(start + rows) * width
      let p = logits(reference.values.span.extracting(range))
      let q = logits(states.values.span.extracting(range))
      for row in 0..<rows {
        let columns = row * vocabulary..<(row + 1) * vocabulary
        sum += Kernels.divergence(
          of: q.span.extracting(columns), from: p.span.extracting(columns))
      }
    }
    // Rounding alone can take it below zero.
    return sum < 0 ? 0 : sum / Double(max(states.tokenCount, 1))
  }
}
