/// Makes progress events of a running compression.
struct CompressionReporter {
  /// Bytes of the tensors that are done.
  var doneByteCount = 0

  private let totalByteCount: Int
  private let start = ContinuousClock.now
  private let report: (CompressionProgress) -> Void

  init(totalByteCount: Int, report: @escaping (CompressionProgress) -> Void) {
    self.totalByteCount = totalByteCount
    self.report = report
  }

  func event(
    _ phase: CompressionProgress.Phase, _ name: String, index: Int, of count: Int,
    levelCount: Int = 0
  ) {
    report(
      CompressionProgress(
        phase: phase, name: name, index: index, count: count, levelCount: levelCount,
        doneByteCount: doneByteCount, totalByteCount: totalByteCount,
        elapsed: start.duration(to: .now)))
  }
}
