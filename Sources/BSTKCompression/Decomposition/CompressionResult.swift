public import BSTKFormat

/// What a compression wrote.
public struct CompressionResult: Sendable {
  /// A decomposed matrix.
  public struct Matrix: Hashable, Sendable {
    /// The tensor's name.
    public let name: String
    /// ‖W − Ŵ‖ / ‖W‖ (Frobenius) with the levels up to and including each one.
    public let relativeErrors: [Double]
  }

  /// Header and index of the file.
  public let manifest: Manifest
  /// The matrices, by name.
  public let matrices: [Matrix]
}
