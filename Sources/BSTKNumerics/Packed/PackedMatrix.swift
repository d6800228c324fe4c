/// A matrix as it is held in memory: in its stored code, or as half-precision values.
///
/// Products and rows come straight from the code; no dense copy of the matrix is ever made.
public enum PackedMatrix: Sendable {
  /// Nested planes under one rank-1 magnitude.
  case planes(PackedPlanes)
  /// Sign blocks of any rank, summed.
  case signs(PackedSigns)
  /// Half-precision values.
  case halves(HalfMatrix)

  /// Rows of the matrix (outputs of the layer).
  public var rows: Int {
    switch self {
    case .planes(let matrix): matrix.rows
    case .signs(let matrix): matrix.rows
    case .halves(let matrix): matrix.rows
    }
  }

  /// Columns of the matrix (inputs of the layer).
  public var columns: Int {
    switch self {
    case .planes(let matrix): matrix.columns
    case .signs(let matrix): matrix.columns
    case .halves(let matrix): matrix.columns
    }
  }

  /// The levels held, at least 1; half-precision values are one.
  public var levelCount: Int {
    switch self {
    case .planes(let matrix): matrix.levelCount
    case .signs(let matrix): matrix.levelCount
    case .halves: 1
    }
  }

  /// The bytes held: planes, vectors and lists as stored.
  public var byteCount: Int {
    switch self {
    case .planes(let matrix): matrix.byteCount
    case .signs(let matrix): matrix.byteCount
    case .halves(let matrix): matrix.byteCount
    }
  }

  /// Adds one more plane.
  ///
  /// - Parameter gain: the one stored with the plane.
  /// - Throws: as ``PackedPlanes/append(plane:gain:)``; `invalidShape` for a matrix of another kind.
  public mutating func append(plane: [UInt8], gain: Float) throws(NumericsError) {
    guard case .planes(var matrix) = self else {
      throw .invalidShape("a plane for a matrix that is none of nested planes")
    }
    try matrix.append(plane: plane, gain: gain)
    self = .planes(matrix)
  }

  /// Adds one more level of signs.
  ///
  /// - Throws: as ``PackedSigns/append(_:)``; `invalidShape` for a matrix of another kind.
  public mutating func append(_ block: SignBlock) throws(NumericsError) {
    guard case .signs(var matrix) = self else {
      throw .invalidShape("a sign block for a matrix that is none of sign blocks")
    }
    try matrix.append(block)
    self = .signs(matrix)
  }

  /// Frees the last `count` levels.
  ///
  /// - Precondition: at least one level stays.
  public mutating func removeLast(_ count: Int) {
    switch self {
    case .planes(var matrix):
      matrix.removeLast(count)
      self = .planes(matrix)
    case .signs(var matrix):
      matrix.removeLast(count)
      self = .signs(matrix)
    case .halves: precondition(count == 0, "the first level stays")
    }
  }

  /// y(t, firstColumn + r) = Σ_c W(r, c) · x(t, c) for every token t and row r.
  ///
  /// The result is the same whatever the number of threads. Other values of `y` stay.
  ///
  /// - Parameters:
  ///   - x: tokens × ``columns``, row-major.
  ///   - y: tokens rows of `rowStride` values; the last may be shorter.
  ///   - precision: what may be done to x.
  /// - Precondition: OpenBLAS is loaded (``BLAS/load()``), `x` holds whole tokens, and `y` has the
  ///   elements written.
  public func multiply(
    _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int, firstColumn: Int,
    precision: ProductPrecision = .rounded
  ) {
    let tokens = x.count / columns
    precondition(tokens * columns == x.count, "x holds no whole tokens")
    guard tokens > 0 else { return }
    precondition(firstColumn >= 0 && rowStride >= firstColumn + rows, "rows of y are too short")
    let (lastRow, overflow) = (tokens - 1).multipliedReportingOverflow(by: rowStride)
    precondition(!overflow && lastRow <= y.count - firstColumn - rows, "y is too short")
    switch self {
    case .planes(let matrix):
      matrix.multiply(
        x, into: &y, rowStride: rowStride, firstColumn: firstColumn, precision: precision)
    case .signs(let matrix):
      matrix.multiply(
        x, into: &y, rowStride: rowStride, firstColumn: firstColumn, precision: precision)
    case .halves(let matrix):
      matrix.multiply(x, into: &y, rowStride: rowStride, firstColumn: firstColumn)
    }
  }

  /// Computes the weights of row `row`.
  ///
  /// - Precondition: the row exists, and `weights` has ``columns`` elements.
  public func row(_ row: Int, into weights: inout MutableSpan<Float>) {
    reconstruct(rows: row..<row + 1, into: &weights)
  }

  /// Computes the weights of rows `rowRange`, row-major.
  ///
  /// Weights in code are the same, bit for bit, as ``MatrixReconstructor`` gives.
  ///
  /// - Precondition: the rows exist, and `weights` has `rowRange.count` · ``columns`` elements.
  public func reconstruct(rows rowRange: Range<Int>, into weights: inout MutableSpan<Float>) {
    precondition(rowRange.lowerBound >= 0 && rowRange.upperBound <= rows, "rows outside")
    precondition(weights.count == rowRange.count * columns, "weights of another shape")
    let columns = columns
    let tiles = RowTiles(rows: rowRange.count, height: max(1, (1 << 16) / columns))
    unsafe weights.withUnsafeMutableBufferPointer { weights in
      // SAFETY: every tile writes its own rows.
      nonisolated(unsafe) let target = unsafe weights
      Parallel.forEach(tiles.count) { index in
        let tile = tiles[index]
        var part = unsafe MutableSpan(
          _unsafeElements: UnsafeMutableBufferPointer(
            rebasing: target[tile.lowerBound * columns..<tile.upperBound * columns]))
        let range = rowRange.lowerBound + tile.lowerBound..<rowRange.lowerBound + tile.upperBound
        switch self {
        case .planes(let matrix): matrix.rebuild(rows: range, into: &part)
        case .signs(let matrix): matrix.rebuild(rows: range, into: &part)
        case .halves(let matrix): matrix.rebuild(rows: range, into: &part)
        }
      }
    }
  }
}
