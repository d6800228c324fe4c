internal import CKernels

/// Codes a matrix as nested planes, so that every prefix of them is nearly as good as a code made
/// for that many alone (recipe and figures: Spec/notes/encoder.md).
///
/// Equal input gives equal output on any number of threads. Memory beside the weights: one byte an
/// element, the moments, and some panels of rows.
public struct NestedPlaneEncoder: Sendable {
  /// The options.
  public let options: NestedPlaneOptions

  /// - Throws: `invalidOption`.
  public init(options: NestedPlaneOptions = NestedPlaneOptions()) throws(NumericsError) {
    try options.validate()
    self.options = options
  }

  /// Codes a matrix.
  ///
  /// - Parameters:
  ///   - weights: rows × columns, row-major.
  ///   - moments: Of the inputs; taken over.
  ///   - rowSensitivity: F_r = E[g_r²] of every row, or nil where nothing is known.
  ///   - isCancelled: Asked between panels of rows.
  /// - Throws: `invalidShape`, `notFinite`, `vectorOverflow`, `factorizationFailed`, `cancelled`.
  public func encode(
    _ weights: Span<Float>, rows: Int, columns: Int, moments: consuming InputMoments = .unit,
    rowSensitivity: [Float]? = nil, isCancelled: @Sendable () -> Bool = { false }
  ) throws(NumericsError) -> NestedPlaneCode {
    guard rows > 0, columns > 0, weights.count == rows * columns,
      weights.count <= PlanePacking.maximumElements
    else {
      throw .invalidShape("\(weights.count) values for \(rows) × \(columns)")
    }
    for index in weights.indices where !weights[index].isFinite { throw .notFinite(index: index) }
    try BLAS.load()
    try moments.validate(columns: columns)
    let sensitivity = try Self.usable(rowSensitivity, rows: rows)
    var diagonal = moments.diagonal(columns: columns)
    let mean = Float(diagonal.reduce(0) { $0 + Double($1) } / Double(columns))
    let damping = mean > 0 ? options.damping * mean : 1
    for column in diagonal.indices { diagonal[column] += damping }

    let magnitude = try Magnitude(
      weights, rows: rows, columns: columns, columnSensitivity: diagonal,
      rowSensitivity: sensitivity, options: options)
    let factor = try FeedbackFactor(
      consume moments, diagonal: diagonal, damping: damping, scale: magnitude.v)
    let lattice = Lattice(magnitude, planeCount: options.planeCount)
    let outliers = try Outliers(weights, magnitude: magnitude)
    let pass = EncodingPass(
      magnitude: magnitude, outliers: outliers, lattice: lattice,
      panel: FeedbackPanel(
        factor: factor, planeCount: options.planeCount,
        weights: Array(options.levelWeights.prefix(options.planeCount)),
        descentCount: columns <= options.descentColumnLimit ? options.descentCount : 0))
    let (codes, sums) = try pass.run(weights, isCancelled: isCancelled)
    let fit = GainFit(
      sums, planeCount: options.planeCount, magnitude: magnitude, rowSensitivity: sensitivity,
      step: lattice.step)
    return NestedPlaneCode(
      rows: rows, columns: columns, u: magnitude.storedU, v: magnitude.storedV,
      vectorType: options.vectorType, factor: magnitude.factor,
      planes: (0..<options.planeCount).map {
        PlanePacking.pack(
          bit: options.planeCount - 1 - $0, of: codes.span, rows: rows, columns: columns)
      },
      gains: fit.gains, outlierPositions: outliers.list.positions, outlierExcess: outliers.stored,
      losses: fit.losses)
  }

  /// Rows nothing is known of count a little, so that no error in them is free.
  private static func usable(_ values: [Float]?, rows: Int) throws(NumericsError) -> [Float] {
    guard let values else { return [Float](repeating: 1, count: rows) }
    guard values.count == rows else {
      throw .invalidShape("\(values.count) sensitivities for \(rows) rows")
    }
    if let row = values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw .notFinite(index: row)
    }
    let mean = Float(values.reduce(0) { $0 + Double($1) } / Double(rows))
    return mean > 0 ? values.map { max($0, mean * 1e-3) } : [Float](repeating: 1, count: rows)
  }
}
