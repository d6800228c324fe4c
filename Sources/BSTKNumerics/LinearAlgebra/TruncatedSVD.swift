/// The leading singular triplets of a row-major matrix without negative entries.
struct TruncatedSVD {
  let rows: Int
  let columns: Int

  var smallerSide: Int { min(rows, columns) }

  /// Up to this smaller side the exact method costs no more than a few sweeps.
  private static let exactLimit = 256
  /// The automatic method stops once a step lowers the squared error by less than this share.
  ///
  /// On random matrices what all further steps could gain is then about twice as much.
  private static let tolerance = 2e-4
  /// Steps most matrices take; more cost another allocation.
  private static let usualSteps = 8
  /// Vectors at most in an automatic Krylov space.
  private static let vectorLimit = 1024

  /// - Precondition: 1 ≤ `count` ≤ the smaller side, and `norm` is the Frobenius norm.
  func leading(
    _ count: Int, of matrix: Span<Float>, norm: Double, method: DecompositionOptions.Method,
    seed: UInt64
  ) throws(NumericsError) -> SingularTriplets {
    precondition(count >= 1 && count <= smallerSide && matrix.count == rows * columns)
    switch method {
    case .exact: return try exact(count, of: matrix)
    case .automatic:
      let width = (count + 15) / 16 * 16
      let steps = min(24, min(Self.vectorLimit, smallerSide / 2) / width - 1)
      if smallerSide > Self.exactLimit, steps >= 3,
        let triplets = try krylov(
          count, of: matrix, norm: norm, width: width, steps: steps, seed: seed,
          tolerance: Self.tolerance)
      {
        return triplets
      }
      return try exact(count, of: matrix)
    case .randomized(let oversampling, let powerIterations):
      let width = (count + oversampling + 15) / 16 * 16
      if width <= smallerSide / (powerIterations + 1),
        let triplets = try krylov(
          count, of: matrix, norm: norm, width: width, steps: powerIterations, seed: seed,
          tolerance: nil)
      {
        return triplets
      }
      return try exact(count, of: matrix)
    }
  }

  // MARK: Exact

  /// Eigenvectors of the smaller Gram matrix, in double precision.
  private func exact(_ count: Int, of matrix: Span<Float>) throws(NumericsError) -> SingularTriplets
  {
    let rightFirst = columns <= rows
    let (inner, outer) = (min(rows, columns), max(rows, columns))
    var gram = [Double](repeating: 0, count: inner * inner)
    for start in stride(from: 0, to: outer, by: 256) {
      let length = min(256, outer - start)
      let wide = [Double](capacity: length * inner) { output in
        for position in start..<start + length {
          for index in 0..<inner {
            let element = rightFirst ? position * columns + index : index * columns + position
            output.append(Double(matrix[element]))
          }
        }
      }
      var target = gram.mutableSpan
      BLAS.gemm(
        transposeA: true, m: inner, n: inner, k: length, a: wide.span, lda: inner, b: wide.span,
        ldb: inner, beta: 1, c: &target, ldc: inner)
    }
    let vectors = try SymmetricEigenvectors.leading(count, of: &gram, order: inner).vectors
      .map { Float($0) }
    var images = [Float](repeating: 0, count: count * outer)
    var target = images.mutableSpan
    BLAS.gemm(
      transposeB: rightFirst, m: count, n: outer, k: inner, a: vectors.span, lda: inner,
      b: matrix, ldb: columns, c: &target, ldc: outer)
    let (values, units) = split(images, count: count, scale: 1)
    return rightFirst
      ? SingularTriplets(values: values, left: units, right: vectors)
      : SingularTriplets(values: values, left: vectors, right: units)
  }

  // MARK: Block Krylov

  /// Rayleigh–Ritz on the block Krylov space of A^T · A (Musco & Musco, arXiv 1504.05477).
  ///
  /// - Parameter tolerance: ends the iteration early; nil takes all steps.
  /// - Returns: nil when the tolerance was not met and the exact method is affordable.
  private func krylov(
    _ count: Int, of matrix: Span<Float>, norm: Double, width: Int, steps: Int, seed: UInt64,
    tolerance: Double?
  ) throws(NumericsError) -> SingularTriplets? {
    // A power of two by which vectors are scaled, so that products of tiny or huge matrices stay
    // in the range of 32-bit numbers.
    let exponent = norm.isNormal ? Int(norm.exponent) : 0
    let shrink = Float(sign: .plus, exponent: max(-120, min(120, -exponent)), significand: 1)
    let squaredNorm = norm * norm * Double(shrink) * Double(shrink)
    var random = RandomNumbers(seed: seed)
    // The vector of ones is close to the first singular vector of a matrix without negatives.
    var block = (0..<columns * width).map { $0 % width == 0 ? 1 : random.symmetricUnit() }
    var space = KrylovSpace(
      rows: rows, columns: columns, capacity: width * min(steps + 1, Self.usualSteps + 1))
    let sweep = MatrixSweep(rows: rows, columns: columns)
    var captured = 0.0
    for step in 0...steps {
      try space.basis.append(&block, width: width)
      for index in block.indices { block[index] *= shrink }
      let result = sweep(matrix, block: block, width: width, returning: step < steps)
      try space.append(images: result.images, width: width)
      block = result.back
      guard let tolerance, step > 1 || step == steps else { continue }
      let energy = try space.leadingEnergy(count)
      let gain = energy - captured
      captured = energy
      if gain <= tolerance * max(0, squaredNorm - energy) || energy >= squaredNorm * (1 - 1e-7) {
        return try triplets(from: space, count: count, scale: 1 / shrink)
      }
    }
    if tolerance != nil && smallerSide <= 2048 { return nil }
    return try triplets(from: space, count: count, scale: 1 / shrink)
  }

  private func triplets(
    from space: KrylovSpace, count: Int, scale: Float
  ) throws(NumericsError) -> SingularTriplets {
    let (images, right) = try space.leadingVectors(count)
    let (values, left) = split(images, count: count, scale: scale)
    return SingularTriplets(values: values, left: left, right: right)
  }

  /// Splits vectors into their norms, times `scale`, and unit vectors.
  private func split(_ vectors: [Float], count: Int, scale: Float) -> ([Float], [Float]) {
    let length = vectors.count / count
    var units = vectors
    var norms = [Float](repeating: 0, count: count)
    for index in 0..<count {
      let range = index * length..<(index + 1) * length
      let norm = units[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      norms[index] = Float(norm) * scale
      for position in range {
        units[position] = norm > 0 ? Float(Double(units[position]) / norm) : 0
      }
    }
    return (norms, units)
  }
}
