/// A growing set of orthonormal vectors, element-major: row i holds element i of every vector.
struct OrthonormalBasis {
  let length: Int
  /// Vectors there is room for; grows by doubling.
  private(set) var capacity: Int
  private(set) var count = 0
  /// length × capacity.
  private(set) var vectors: [Float]

  init(length: Int, capacity: Int) {
    precondition(capacity <= length)
    self.length = length
    self.capacity = capacity
    vectors = [Float](repeating: 0, count: length * capacity)
  }

  /// Makes the vectors of `block` orthonormal to each other and to the basis, and takes them in.
  ///
  /// Vectors that depend on others are replaced by arbitrary ones.
  ///
  /// - Parameter block: length × width, element-major.
  /// - Throws: `factorizationFailed` when the block holds NaN or infinity.
  mutating func append(_ block: inout [Float], width: Int) throws(NumericsError) {
    precondition(block.count == length * width && width <= length - count)
    if count + width > capacity {
      let wider = min(length, 2 * capacity)
      vectors = Restride.widened(vectors, rows: length, from: capacity, to: wider)
      capacity = wider
    }
    // Until a pass removes little from vectors that were orthonormal before it: rounding noise
    // that lies mostly inside the basis takes several.
    for pass in 0..<6 {
      removeBasis(from: &block, width: width)
      let gram = try gramMatrix(of: block, width: width)
      let shortest = (0..<width).map { gram[$0 * width + $0] }.min() ?? 0
      if let inverse = Cholesky.inverseUpperFactor(of: gram, order: width) {
        multiply(&block, by: inverse, width: width)
        if pass > 0 && shortest > 0.5 { break }
      } else {
        try householderOrthonormalize(&block, width: width)
      }
    }
    for row in 0..<length {
      for column in 0..<width {
        vectors[row * capacity + count + column] = block[row * width + column]
      }
    }
    count += width
  }

  /// block -= Q · (Q^T · block).
  private func removeBasis(from block: inout [Float], width: Int) {
    guard count > 0 else { return }
    var overlap = [Float](repeating: 0, count: count * width)
    var overlapSpan = overlap.mutableSpan
    BLAS.gemm(
      transposeA: true, m: count, n: width, k: length, a: vectors.span, lda: capacity,
      b: block.span, ldb: width, c: &overlapSpan, ldc: width)
    var target = block.mutableSpan
    BLAS.gemm(
      m: length, n: width, k: count, alpha: -1, a: vectors.span, lda: capacity, b: overlap.span,
      ldb: width, beta: 1, c: &target, ldc: width)
  }

  /// block^T · block in double precision.
  private func gramMatrix(of block: [Float], width: Int) throws(NumericsError) -> [Double] {
    let wide = block.map { Double($0) }
    var gram = [Double](repeating: 0, count: width * width)
    var target = gram.mutableSpan
    BLAS.gemm(
      transposeA: true, m: width, n: width, k: length, a: wide.span, lda: width, b: wide.span,
      ldb: width, c: &target, ldc: width)
    guard gram.allSatisfy(\.isFinite) else {
      throw .factorizationFailed(routine: "orthonormalization", status: 1)
    }
    return gram
  }

  private func multiply(_ block: inout [Float], by square: [Double], width: Int) {
    let factor = square.map { Float($0) }
    var result = [Float](repeating: 0, count: block.count)
    var target = result.mutableSpan
    BLAS.gemm(
      m: length, n: width, k: width, a: block.span, lda: width, b: factor.span, ldb: width,
      c: &target, ldc: width)
    block = result
  }

  private func householderOrthonormalize(_ block: inout [Float], width: Int)
    throws(NumericsError)
  {
    var transposed = [Float](repeating: 0, count: block.count)
    for row in 0..<length {
      for column in 0..<width { transposed[column * length + row] = block[row * width + column] }
    }
    try Householder.orthonormalize(&transposed, count: width, length: length)
    for row in 0..<length {
      for column in 0..<width { block[row * width + column] = transposed[column * length + row] }
    }
  }
}
