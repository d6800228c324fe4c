/// Squared Frobenius norms around one level, in double precision, from the values as stored.
public struct ResidualError: Sendable, Equatable {
  /// ‖W‖² of the original matrix.
  public let squaredNorm: Double
  /// ‖R‖² of the residual before the level.
  public let squaredBefore: Double
  /// ‖R‖² of the residual after the level.
  public let squaredAfter: Double

  /// ‖R‖ / ‖W‖ before the level; 0 for a zero matrix.
  public var relativeBefore: Double { relative(squaredBefore) }
  /// ‖R‖ / ‖W‖ after the level; 0 for a zero matrix.
  public var relativeAfter: Double { relative(squaredAfter) }

  private func relative(_ squared: Double) -> Double {
    squaredNorm > 0 ? (squared / squaredNorm).squareRoot() : 0
  }
}
