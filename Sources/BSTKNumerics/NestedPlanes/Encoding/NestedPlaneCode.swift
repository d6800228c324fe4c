/// A matrix coded as nested planes:
///
///     W_n(r, c) = u(r) · v(c) · (g_n · f · 2^(1−n) · N_n(r, c) + e(r, c))
///
/// where N_n is the odd integer whose n bits are the first n planes, g_n the gain of the prefix that
/// ends with plane n, and e the excess of the few outliers in the sparse list.
public struct NestedPlaneCode: Sendable {
  /// Rows of the matrix.
  public let rows: Int
  /// Columns of the matrix.
  public let columns: Int
  /// u, one value a row, as stored.
  public let u: [UInt8]
  /// v, one value a column, as stored.
  public let v: [UInt8]
  /// How both are stored.
  public let vectorType: VectorType
  /// f: the first plane's magnitude.
  public let factor: Float
  /// The planes, coarsest first: every row starts on a byte of its own, most significant bit first.
  public let planes: [[UInt8]]
  /// The gain of the prefix that ends with each plane.
  public let gains: [Float]
  /// The numbers of the outliers, row · columns + column, ascending.
  public let outlierPositions: [UInt32]
  /// What the outliers exceed the planes' range by, as binary16, in units of u · v.
  public let outlierExcess: [UInt16]
  /// The loss ½ Σ F_r (E H Eᵀ)_rr that is left with no plane, one, two and so on, in nats a token.
  public let losses: [Double]
}
