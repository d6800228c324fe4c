/// A decoded matrix of any kind, ready to give weights.
public enum MatrixReconstructor: Sendable {
  /// Levels of signs and low-rank magnitudes, summed.
  case signBlocks(Reconstructor)
  /// Planes of bits under one magnitude.
  case nestedPlanes(NestedPlaneMatrix)

  /// Rows of the matrix.
  public var rows: Int {
    switch self {
    case .signBlocks(let levels): levels.rows
    case .nestedPlanes(let planes): planes.rows
    }
  }

  /// Columns of the matrix.
  public var columns: Int {
    switch self {
    case .signBlocks(let levels): levels.columns
    case .nestedPlanes(let planes): planes.columns
    }
  }

  /// Computes rows `rowRange` of the weights (all by default) from everything decoded.
  ///
  /// - Parameter weights: the rows of the range, row-major.
  /// - Precondition: the range lies inside, and `weights` has `rowRange.count` · columns elements.
  public func reconstruct(rows rowRange: Range<Int>? = nil, into weights: inout MutableSpan<Float>)
  {
    switch self {
    case .signBlocks(let levels): levels.reconstruct(rows: rowRange, into: &weights)
    case .nestedPlanes(let planes): planes.reconstruct(rows: rowRange, into: &weights)
    }
  }
}
