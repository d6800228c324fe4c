internal import COpenBLAS

/// The leading singular triplets of a row-major matrix.
///
/// Works on the matrix's smaller side: vectors of that length are called inner, of the other outer.
/// Sets of vectors are stored one vector after the other.
struct TruncatedSVD {
  let rows: Int
  let columns: Int

  var inner: Int { min(rows, columns) }
  var outer: Int { max(rows, columns) }
  /// Whether inner vectors are right singular vectors.
  private var innerIsRight: Bool { columns <= rows }

  /// Up to this smaller side the exact method is the faster one.
  static let exactLimit = 384

  func leading(
    _ count: Int, of matrix: Span<Float>, method: DecompositionOptions.Method, seed: UInt64
  ) throws(NumericsError) -> SingularTriplets {
    precondition(count <= inner && matrix.count == rows * columns)
    let oversampling: Int
    let steps: Int
    switch method {
    case .exact: return try exact(count, of: matrix)
    case .automatic:
      if inner <= TruncatedSVD.exactLimit { return try exact(count, of: matrix) }
      (oversampling, steps) = (8, 4)
    case .randomized(let extra, let iterations):
      (oversampling, steps) = (extra, iterations)
    }
    let (block, overflow) = (count + oversampling).multipliedReportingOverflow(by: steps + 1)
    if overflow || block >= inner { return try exact(count, of: matrix) }
    return try krylov(
      count, of: matrix, blockCount: count + oversampling, steps: steps, seed: seed)
  }

  // MARK: Exact

  /// Eigenvectors of the smaller Gram matrix, in double precision.
  private func exact(_ count: Int, of matrix: Span<Float>) throws(NumericsError) -> SingularTriplets
  {
    var gram = [Double](repeating: 0, count: inner * inner)
    let panel = 256
    var start = 0
    while start < outer {
      let length = min(panel, outer - start)
      // A panel of `length` outer positions, each with its `inner` values.
      let wide = [Double](capacity: length * inner) { output in
        for position in start..<start + length {
          for index in 0..<inner {
            let element = innerIsRight ? position * columns + index : index * columns + position
            output.append(Double(matrix[element]))
          }
        }
      }
      var target = gram.mutableSpan
      BLAS.gemm(
        transposeA: true, m: inner, n: inner, k: length, a: wide.span, lda: inner,
        b: wide.span, ldb: inner, beta: 1, c: &target, ldc: inner)
      start += length
    }
    let vectors = try SymmetricEigenvectors.leading(count, of: &gram, order: inner).map {
      Float($0)
    }
    let images = outerImages(of: vectors.span, count: count, matrix: matrix)
    return triplets(inner: vectors, images: images, count: count)
  }

  // MARK: Block Krylov

  /// Rayleigh–Ritz on the block Krylov space of A^T A (Musco & Musco, 2015, algorithm 2).
  private func krylov(
    _ count: Int, of matrix: Span<Float>, blockCount: Int, steps: Int, seed: UInt64
  ) throws(NumericsError) -> SingularTriplets {
    var random = RandomNumbers(seed: seed)
    let total = blockCount * (steps + 1)
    var basis = [Float](repeating: 0, count: total * inner)
    var images = [Float](repeating: 0, count: total * outer)
    // |R| is nonnegative, so the vector of ones is close to the first singular vector.
    for index in 0..<inner { basis[index] = 1 }
    for index in inner..<blockCount * inner { basis[index] = random.symmetricUnit() }
    for step in 0...steps {
      try orthonormalize(&basis, from: step * blockCount, count: blockCount)
      let inward = step * blockCount * inner..<(step + 1) * blockCount * inner
      let outward = step * blockCount * outer..<(step + 1) * blockCount * outer
      do {
        var target = images.mutableSpan
        var image = target._mutatingExtracting(outward)
        mapOutward(
          basis.span.extracting(inward), count: blockCount, matrix: matrix, into: &image)
      }
      guard step < steps else { break }
      var target = basis.mutableSpan
      var room = target._mutatingExtracting(
        inward.upperBound..<inward.upperBound + inward.count)
      mapInward(images.span.extracting(outward), count: blockCount, matrix: matrix, into: &room)
    }
    let wide = images.map { Double($0) }
    var gram = [Double](repeating: 0, count: total * total)
    var target = gram.mutableSpan
    BLAS.gemm(
      transposeB: true, m: total, n: total, k: outer, a: wide.span, lda: outer, b: wide.span,
      ldb: outer, c: &target, ldc: total)
    let mixing = try SymmetricEigenvectors.leading(count, of: &gram, order: total).map { Float($0) }
    return triplets(
      inner: mix(mixing, of: basis, count: count, total: total, length: inner),
      images: mix(mixing, of: images, count: count, total: total, length: outer), count: count)
  }

  /// Makes vectors `first ..< first + count` orthonormal among themselves and to all before them.
  private func orthonormalize(_ basis: inout [Float], from first: Int, count: Int)
    throws(NumericsError)
  {
    for _ in 0..<2 {
      if first > 0 {
        let (done, room) = (first * inner, count * inner)
        let previous = Array(basis[..<done])
        let newest = Array(basis[done..<done + room])
        var overlap = [Float](repeating: 0, count: count * first)
        var target = overlap.mutableSpan
        BLAS.gemm(
          transposeB: true, m: count, n: first, k: inner,
          a: newest.span, lda: inner, b: previous.span, ldb: inner,
          c: &target, ldc: first)
        var all = basis.mutableSpan
        var block = all._mutatingExtracting(done..<done + room)
        BLAS.gemm(
          m: count, n: inner, k: first, alpha: -1, a: overlap.span, lda: first,
          b: previous.span, ldb: inner, beta: 1, c: &block, ldc: inner)
      }
      try Householder.orthonormalize(&basis, offset: first * inner, count: count, length: inner)
    }
  }

  private func mix(
    _ mixing: [Float], of vectors: [Float], count: Int, total: Int, length: Int
  ) -> [Float] {
    var mixed = [Float](repeating: 0, count: count * length)
    var target = mixed.mutableSpan
    BLAS.gemm(
      m: count, n: length, k: total, a: mixing.span, lda: total, b: vectors.span, ldb: length,
      c: &target, ldc: length)
    return mixed
  }

  // MARK: Between the sides

  /// Images of inner vectors: A·v for right vectors, A^T·u for left ones.
  private func outerImages(of vectors: Span<Float>, count: Int, matrix: Span<Float>) -> [Float] {
    var images = [Float](repeating: 0, count: count * outer)
    var target = images.mutableSpan
    mapOutward(vectors, count: count, matrix: matrix, into: &target)
    return images
  }

  private func mapOutward(
    _ vectors: Span<Float>, count: Int, matrix: Span<Float>, into images: inout MutableSpan<Float>
  ) {
    BLAS.gemm(
      transposeB: innerIsRight, m: count, n: outer, k: inner, a: vectors, lda: inner, b: matrix,
      ldb: columns, c: &images, ldc: outer)
  }

  private func mapInward(
    _ vectors: Span<Float>, count: Int, matrix: Span<Float>, into images: inout MutableSpan<Float>
  ) {
    BLAS.gemm(
      transposeB: !innerIsRight, m: count, n: inner, k: outer, a: vectors, lda: outer, b: matrix,
      ldb: columns, c: &images, ldc: inner)
  }

  /// Splits images σ·w into σ and unit vectors, and names the sides.
  private func triplets(inner vectors: [Float], images: [Float], count: Int) -> SingularTriplets {
    var units = images
    var values = [Float](repeating: 0, count: count)
    for index in 0..<count {
      let range = index * outer..<(index + 1) * outer
      let norm = units[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      values[index] = Float(norm)
      for position in range {
        units[position] = norm > 0 ? Float(Double(units[position]) / norm) : 0
      }
    }
    return innerIsRight
      ? SingularTriplets(values: values, left: units, right: vectors)
      : SingularTriplets(values: values, left: vectors, right: units)
  }
}
