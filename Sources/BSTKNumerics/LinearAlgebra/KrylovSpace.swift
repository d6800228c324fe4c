/// A subspace of the row space of A with its images under A, both element-major.
struct KrylovSpace {
  var basis: OrthonormalBasis
  private let rows: Int
  /// Images there is room for; grows with the basis.
  private var capacity: Int
  private var count = 0
  /// A · basis, rows × capacity.
  private var images: [Double]
  /// images^T · images, capacity × capacity; only the first `count` rows and columns are set.
  private var gram: [Double]

  init(rows: Int, columns: Int, capacity: Int) {
    basis = OrthonormalBasis(length: columns, capacity: capacity)
    self.rows = rows
    self.capacity = capacity
    images = [Double](repeating: 0, count: rows * capacity)
    gram = [Double](repeating: 0, count: capacity * capacity)
  }

  /// Takes in the images of the `width` vectors appended to the basis last.
  mutating func append(images block: [Float], width: Int) throws(NumericsError) {
    precondition(count + width == basis.count && block.count == rows * width)
    if basis.capacity > capacity {
      let wider = basis.capacity
      images = Restride.widened(images, rows: rows, from: capacity, to: wider)
      gram = Restride.widened(gram, rows: capacity, from: capacity, to: wider)
      gram += [Double](repeating: 0, count: (wider - capacity) * wider)
      capacity = wider
    }
    let newest = block.map { Double($0) }
    for row in 0..<rows {
      for column in 0..<width {
        images[row * capacity + count + column] = newest[row * width + column]
      }
    }
    count += width
    var products = [Double](repeating: 0, count: width * count)
    var target = products.mutableSpan
    BLAS.gemm(
      transposeA: true, m: width, n: count, k: rows, a: newest.span, lda: width, b: images.span,
      ldb: capacity, c: &target, ldc: count)
    guard products.allSatisfy(\.isFinite) else {
      throw .factorizationFailed(routine: "block Krylov iteration", status: 1)
    }
    for row in 0..<width {
      for column in 0..<count {
        let value = products[row * count + column]
        gram[(count - width + row) * capacity + column] = value
        gram[column * capacity + count - width + row] = value
      }
    }
  }

  /// The sum of the `leading` largest squared singular values of A on this space.
  func leadingEnergy(_ leading: Int) throws(NumericsError) -> Double {
    try eigenvectors(leading).values.reduce(0) { $0 + max(0, $1) }
  }

  /// The best `leading` directions of the space: their images and themselves, one after the other.
  func leadingVectors(_ leading: Int) throws(NumericsError) -> (images: [Float], basis: [Float]) {
    let mixing = try eigenvectors(leading).vectors
    var mixedImages = [Double](repeating: 0, count: leading * rows)
    var imageTarget = mixedImages.mutableSpan
    BLAS.gemm(
      transposeB: true, m: leading, n: rows, k: count, a: mixing.span, lda: count,
      b: images.span, ldb: capacity, c: &imageTarget, ldc: rows)
    let narrow = mixing.map { Float($0) }
    var mixedBasis = [Float](repeating: 0, count: leading * basis.length)
    var basisTarget = mixedBasis.mutableSpan
    BLAS.gemm(
      transposeB: true, m: leading, n: basis.length, k: count, a: narrow.span, lda: count,
      b: basis.vectors.span, ldb: basis.capacity, c: &basisTarget, ldc: basis.length)
    return (mixedImages.map { Float($0) }, mixedBasis)
  }

  private func eigenvectors(
    _ leading: Int
  ) throws(NumericsError) -> (values: [Double], vectors: [Double]) {
    var square = [Double](capacity: count * count) { output in
      for row in 0..<count {
        for column in 0..<count { output.append(gram[row * capacity + column]) }
      }
    }
    return try SymmetricEigenvectors.leading(leading, of: &square, order: count)
  }
}
