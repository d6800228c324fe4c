internal import BSTKFormat
internal import BSTKModelFiles
internal import BSTKTokenizer

extension CalibratedCompression {
  /// What every block of the draft is worth.
  func worths(
    of draft: BSTKWeights, _ tokens: [TokenID], isCancelled: () -> Bool,
    progress: (Step) -> Void
  ) throws -> BlockWorths {
    let probe = SensitivityProbe(
      source: try transformer(folder), compressed: draft, options: options.probe)
    let divergences = try probe.run(tokens) { step in
      try Self.check(isCancelled)
      progress(.ordering(step))
    }
    return BlockWorths(
      draft.manifest, divergences: divergences, probedLevels: options.probe.levelCount)
  }

  /// The stack in the order that was asked for.
  func stack(
    of draft: BSTKWeights, _ worths: BlockWorths, _ tokens: [TokenID], isCancelled: () -> Bool,
    progress: (Step) -> Void
  ) throws -> [(matrix: Int, level: Int)] {
    guard options.order == .reference else {
      return StackOrder.byWorthPerByte(worths.blocks(of: draft.manifest))
    }
    let sweep = ReferenceSweep(
      configuration: configuration, compressed: draft,
      windowLength: options.calibration.windowLength)
    return try sweep.run(tokens) { step in
      try Self.check(isCancelled)
      progress(.ordering(step))
    }
  }
}
