/// Decomposes one matrix into sign blocks, a level at a time.
///
/// Iterative absolute value decomposition (BitStack, arXiv 2410.23918, section 3.2): with R the
/// residual, at first the matrix itself, a level is the signs of R and the best rank-k
/// approximation of |R|; the next residual is what remains after the level *as stored*, so that
/// later levels repair the rounding of earlier vectors.
///
/// ```swift
/// var decomposer = try Decomposer(weights, rows: 4096, columns: 4096, options: options)
/// while let level = try decomposer.next() {
///   write(level.block)
/// }
/// ```
///
/// With an input scale s the residual lives in the scaled domain, W · diag(s), where the error of
/// a column counts by the size of its inputs; 1/s goes into V^T, so the stored block is a
/// block of W itself.
///
/// Memory: the matrix (taken over, not copied, when its array is uniquely referenced), one bit per
/// element, and the vectors of the decomposition; levels handed out are not kept.
///
/// For given options, processor and library versions the result is always the same bytes, on any
/// number of threads.
public struct Decomposer: ~Copyable {
  /// Rows of the matrix.
  public let rows: Int
  /// Columns of the matrix.
  public let columns: Int
  /// What the decomposer was made with.
  public let options: DecompositionOptions
  /// The number of levels handed out so far.
  public private(set) var levelCount = 0

  /// |R| in the scaled domain.
  private var absolute: [Float]
  private var signs: [UInt8]
  private let inverseScale: [Float]?
  private let weightNorm: Double
  private let scaledNorm: Double
  private var weightSquares: Double
  private var scaledSquares: Double

  /// Takes over a row-major matrix.
  ///
  /// - Throws: `invalidShape`, `notFinite` or `invalidOption`.
  public init(
    _ weights: consuming [Float], rows: Int, columns: Int, options: DecompositionOptions
  ) throws(NumericsError) {
    let signByteCount = try SignBlock.signByteCount(rows: rows, columns: columns)
    guard weights.count == rows * columns else {
      throw .invalidShape("\(weights.count) values for \(rows) × \(columns)")
    }
    try options.validate(columns: columns)
    let inverse = options.inputScale?.map { 1 / $0 }
    var values = weights
    if let scale = options.inputScale {
      for row in 0..<rows {
        for column in 0..<columns { values[row * columns + column] *= scale[column] }
      }
    }
    var plane = [UInt8](repeating: 0, count: signByteCount)
    let squares = SignPlane.split(&values, into: &plane)
    guard squares.isFinite else {
      throw .notFinite(index: values.firstIndex { !$0.isFinite } ?? 0)
    }
    self.rows = rows
    self.columns = columns
    self.options = options
    scaledNorm = squares
    weightNorm =
      Decomposer.unscaledSquares(values.span, columns: columns, inverse: inverse) ?? squares
    weightSquares = weightNorm
    scaledSquares = scaledNorm
    inverseScale = inverse
    absolute = values
    signs = plane
  }

  /// The next level, or nil when all have been handed out.
  ///
  /// - Throws: `vectorOverflow` when magnitudes leave the range of the vector type,
  ///   `factorizationFailed` when LAPACK gives up.
  public mutating func next() throws(NumericsError) -> DecomposedLevel? {
    guard levelCount < options.ranks.count else { return nil }
    let rank = min(options.ranks[levelCount], rows, columns)
    let factors = MagnitudeFactors(
      try leadingTriplets(rank: rank), rank: rank, rows: rows, columns: columns,
      columnFactors: inverseScale)
    let block = try SignBlock(
      rows: rows, columns: columns, rank: rank, vectorType: options.vectorType, signs: signs,
      u: options.vectorType.encode(factors.u.span, rank: rank, length: rows, axis: .columns),
      vt: options.vectorType.encode(factors.vt.span, rank: rank, length: columns, axis: .rows))
    let (weightsBefore, scaledBefore) = (weightSquares, scaledSquares)
    try subtract(block)
    defer { levelCount += 1 }
    return DecomposedLevel(
      index: levelCount, block: block,
      weightError: ResidualError(
        squaredNorm: weightNorm, squaredBefore: weightsBefore, squaredAfter: weightSquares),
      scaledError: ResidualError(
        squaredNorm: scaledNorm, squaredBefore: scaledBefore, squaredAfter: scaledSquares))
  }

  /// The best approximation of |R|, of at most the given rank.
  private func leadingTriplets(rank: Int) throws(NumericsError) -> SingularTriplets {
    let svd = TruncatedSVD(rows: rows, columns: columns)
    return try BLAS.serially { () throws(NumericsError) in
      try svd.leading(
        min(rank, svd.smallerSide), of: absolute.span, norm: scaledSquares.squareRoot(),
        method: options.method, seed: options.seed &+ UInt64(levelCount))
    }
  }

  /// R ← R − sign ⊙ (U · V^T · diag(s)) with the factors as stored, a panel of rows at a time.
  private mutating func subtract(_ block: SignBlock) throws(NumericsError) {
    var vt = try block.decodedVT()
    if let scale = options.inputScale {
      for index in vt.indices { vt[index] *= scale[index % columns] }
    }
    let level = DecodedLevel(rank: block.rank, u: try block.decodedU(), vt: vt, signs: nil)
    let squares = ResidualUpdate.subtract(
      level, from: &absolute, signs: &signs, rows: rows, columns: columns)
    guard squares.isFinite else {
      throw .notFinite(index: absolute.firstIndex { !$0.isFinite } ?? 0)
    }
    scaledSquares = squares
    weightSquares =
      Decomposer.unscaledSquares(absolute.span, columns: columns, inverse: inverseScale)
      ?? squares
  }

  private static func unscaledSquares(
    _ values: Span<Float>, columns: Int, inverse: [Float]?
  ) -> Double? {
    guard let inverse else { return nil }
    var sum = 0.0
    var start = 0
    while start < values.count {
      sum += SignPlane.weightedSquares(
        values.extracting(start..<start + columns), weights: inverse.span)
      start += columns
    }
    return sum
  }
}
