public import BSTKInference
public import BSTKFormat

/// The scale of each input channel that a matrix is decomposed with: the sum of blocks then weighs
/// an error by how much the channel carries (activation-aware scaling, arXiv 2410.23918
/// section 3). The inverse is absorbed into V^T, so nothing else of the model changes.
///
/// The layers that the reference implementation scales: it leaves the output projection alone where
/// query heads share key-value heads, since it must fold the scale into the value projection.
public struct InputScales: Sendable {
  /// What the reference adds to every norm, so that a silent channel keeps a scale.
  private static let floor: Float = 1e-3

  private let scales: [String: [Float]]

  /// Derives the scales.
  ///
  /// - Parameters:
  ///   - statistics: The calibration.
  ///   - configuration: The model's shape.
  /// - Throws: `MODEL` when the calibration lacks a layer or has another width for one.
  public init(
    _ statistics: InputStatistics, configuration: ModelConfiguration
  ) throws(BSTKError) {
    let skipsOutput = configuration.keyValueHeadCount != configuration.headCount
    var scales: [String: [Float]] = [:]
    for linear in configuration.linearLayers {
      if skipsOutput, linear.role == .attentionOutput { continue }
      let norms = statistics.channelNorms[linear.name] ?? []
      guard norms.count == linear.inFeatures else {
        throw Self.mismatch(norms.count, linear.weightName, linear.inFeatures)
      }
      scales[linear.weightName] = norms.map { $0 + Self.floor }
    }
    self.scales = scales
  }

  /// The scale of each column of the matrix `name`, or nil where it is not scaled.
  ///
  /// - Throws: `MODEL` when the calibration belongs to a model of another shape.
  public func scale(of name: String, columns: Int) throws(BSTKError) -> [Float]? {
    guard let scale = scales[name] else { return nil }
    guard scale.count == columns else {
      throw Self.mismatch(scale.count, name, columns)
    }
    return scale
  }

  private static func mismatch(_ count: Int, _ name: String, _ columns: Int) -> BSTKError {
    BSTKError(
      .model, "the calibration has \(count) channels for \(name), which has \(columns)",
      remedy: "calibrate the model that is compressed")
  }
}
