internal import BSTKInference
public import BSTKFormat

internal import BSTKInference

/// What the linear layers of a model see at their inputs, over the windows of a calibration text:
/// what the BitStack reference profile scales by.
public struct InputStatistics: Sendable {
  /// By the name of the layer, such as `model.layers.0.self_attn.q_proj`, for each input channel
  /// the L2 norm over the positions of a window, averaged over windows (arXiv 2410.23918).
  public let channelNorms: [String: [Float]]
  /// Windows read.
  public let windowCount: Int
  /// Tokens of each.
  public let windowLength: Int
}

extension InputStatistics {
  /// The part of saved statistics that this is.
  ///
  /// - Throws: as `CalibrationStatistics.channelNorms(ofInputOf:)`.
  public init(_ statistics: CalibrationStatistics) throws(BSTKError) {
    var norms: [String: [Float]] = [:]
    for linear in statistics.configuration.linearLayers {
      norms[linear.name] = try statistics.channelNorms(ofInputOf: linear.name)
    }
    self.init(
      channelNorms: norms, windowCount: statistics.summary.windowCount,
      windowLength: statistics.summary.windowLength)
  }
}
