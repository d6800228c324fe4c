extension OutputHead {
  /// The KL divergence in nats of the next-token distributions of each of `variants` from those of
  /// `reference`, averaged over tokens.
  ///
  /// - Precondition: all are states of the same texts.
  func meanDivergences(of variants: [HiddenStates], from reference: HiddenStates) -> [Double] {
    let width = reference.width
    let vocabulary = configuration.vocabularySize
    let tileRows = 64
    var sums = [Double](repeating: 0, count: variants.count)
    for start in stride(from: 0, to: reference.tokenCount, by: tileRows) {
      let rows = min(tileRows, reference.tokenCount - start)
      let range = start * width..<(start + rows) * width
      let p = logits(reference.values.span.extracting(range))
      for (number, states) in variants.enumerated() {
        precondition(states.values.count == reference.values.count)
        let q = logits(states.values.span.extracting(range))
        for row in 0..<rows {
          let columns = row * vocabulary..<(row + 1) * vocabulary
          sums[number] += Kernels.divergence(
            of: q.span.extracting(columns), from: p.span.extracting(columns))
        }
      }
    }
    // Rounding alone can take a sum below zero.
    return sums.map { $0 < 0 ? 0 : $0 / Double(max(reference.tokenCount, 1)) }
  }
}
