internal import BSTKFormat

extension QualityTable.Metric {
  /// The metric's name in reports.
  var name: String {
    switch self {
    case .perplexity: "perplexity"
    }
  }
}

extension QualityTable {
  /// What a prefix is worth, in words; nil when no cut as small was measured.
  func text(atChunkCount chunkCount: Int) -> String? {
    value(atChunkCount: chunkCount).map { "\(metric.name) \(ByteFormat.fixed($0, decimals: 2))" }
  }
}
