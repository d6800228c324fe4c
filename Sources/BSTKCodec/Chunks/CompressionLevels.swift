/// How hard zstd works on the parts of a model.
public struct CompressionLevels: Hashable, Sendable {
  /// The level for dense tensors and sign blocks, which are many and gain less than one percent
  /// from higher ones.
  public var tensors: Int
  /// The level for auxiliary files and nested planes.
  public var planes: Int

  /// Chooses levels; by default those that weigh time against size for whole models.
  public init(tensors: Int = 6, planes: Int = 19) {
    self.tensors = tensors
    self.planes = planes
  }
}
