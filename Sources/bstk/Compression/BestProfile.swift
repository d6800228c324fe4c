internal import BSTKCompression
internal import BSTKFormat
internal import BSTKInference
internal import BSTKModelFiles
internal import BSTKStore

/// Compresses a model folder to nested planes, with statistics gathered on the way.
struct BestProfile {
  /// What is known of the model.
  enum Knowledge {
    /// Nothing: every weight counts alike.
    case none
    /// A text to gather statistics from: its path.
    case text(String)
    /// Statistics that were gathered before: their path.
    case statistics(String)
  }

  let folder: any ModelSource
  var options = NestedCompressionOptions()
  /// How a text is used; the number of threads is that of ``options``.
  var gathering = StatisticsGatherer.Options()
  let cancellation: Cancellation

  /// - Parameters:
  ///   - evaluation: Path of a text to measure quality on.
  ///   - progress: Called often.
  func run(
    to output: String, knowing knowledge: Knowledge, evaluation: String? = nil,
    progress: @escaping (CalibratedCompression.Step) -> Void
  ) throws -> CompressionResult {
    let tokens = try evaluation.map { try LanguageModel(.folder(folder)).tokens(ofTextFile: $0) }
    func compress(_ statistics: CalibrationStatistics?) throws -> CompressionResult {
      try NestedCompression(folder, options: options, statistics: statistics).run(
        to: output, evaluation: tokens, isCancelled: { cancellation.isRequested },
        progress: progress)
    }
    switch knowledge {
    case .none: return try compress(nil)
    case .statistics(let path):
      let configuration = try LanguageModel(.folder(folder)).configuration
      return try compress(CalibrationStatistics(path: path, configuration: configuration))
    case .text(let text):
      let path = FileSystem.temporarySibling(of: output, suffix: "statistics")
      defer { try? FileSystem.remove(path) }
      return try compress(gather(text, to: path, progress: progress))
    }
  }

  private func gather(
    _ text: String, to path: String, progress: (CalibratedCompression.Step) -> Void
  ) throws -> CalibrationStatistics {
    let language = try LanguageModel(.folder(folder))
    var gathering = gathering
    gathering.threadCount = options.threadCount
    let transformer = try Transformer(
      configuration: language.configuration, weights: language.weights())
    return try StatisticsGatherer(transformer, options: gathering).run(
      language.tokens(ofTextFile: text), to: path
    ) { step in
      try cancellation.check()
      progress(.calibrating(step))
    }
  }
}
