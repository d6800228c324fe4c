/// How hard zstd works on the parts of a model.
public struct CompressionLevels: Hashable, Sendable {
  /// The level for dense tensors and blocks, which are many and gain less than one percent from
  /// higher ones.
  public var weights: Int
  /// The level for auxiliary files.
  public var files: Int

  /// Chooses levels; by default those that weigh time against size for whole models.
  public init(weights: Int = 6, files: Int = 19) {
    self.weights = weights
    self.files = files
  }
}
