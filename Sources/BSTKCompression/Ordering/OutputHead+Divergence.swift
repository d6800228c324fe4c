internal import BSTKInference

extension OutputHead {
  /// The KL divergence in nats of the next-token distributions of each of `variants` from those of
  /// `reference`, summed over tokens. Rounding alone can take a sum below zero.
  ///
  /// - Parameter counted: Called often with the tokens counted since, of the reference or of one
  ///   variant. Throwing cancels.
  /// - Precondition: all are states of the same texts.
  func divergences(
    of variants: [HiddenStates], from reference: HiddenStates, counted: (Int) throws -> Void
  ) rethrows -> [Double] {
    let width = reference.width
    let vocabulary = configuration.vocabularySize
    let tileRows = 64
    var sums = [Double](repeating: 0, count: variants.count)
    for start in stride(from: 0, to: reference.tokenCount, by: tileRows) {
      let rows = min(tileRows, reference.tokenCount - start)
      let range = start * width..<(start + rows) * width
      let p = logits(reference.values.span.extracting(range))
      try counted(rows)
      for (number, states) in variants.enumerated() {
        precondition(states.values.count == reference.values.count)
        let q = logits(states.values.span.extracting(range))
        for row in 0..<rows {
          let columns = row * vocabulary..<(row + 1) * vocabulary
          sums[number] += Kernels.divergence(
            of: q.span.extracting(columns), from: p.span.extracting(columns))
        }
        try counted(rows)
      }
    }
    return sums
  }
}
