internal import CKernels

/// Codes a panel of rows with error feedback, a block of columns at a time.
///
/// Within a block every column's errors are passed on at once; to the blocks before it all errors
/// so far go in one matrix product a block, over all levels together. Afterwards the codes may be
/// gone through again by coordinate descent on the same weighted losses.
struct FeedbackPanel {
  /// Columns of a block.
  static let blockColumns = 64
  /// Rows of a panel, a multiple of what the kernel takes at once.
  static let rows = 128

  let factor: FeedbackFactor
  let planeCount: Int
  let weights: [Float]
  let descentCount: Int
  /// For each block what errors of two of its columns cost together, and the factor's part in it.
  private let grams: [[Float]]
  private let corners: [[Float]]

  init(factor: FeedbackFactor, planeCount: Int, weights: [Float], descentCount: Int) {
    self.factor = factor
    self.planeCount = planeCount
    self.weights = weights
    // Where columns do not interact the first choice is the best.
    self.descentCount = factor.factors == nil ? 0 : descentCount
    let blocks = Self.blocks(columns: factor.order.count)
    let corners = blocks.map { factor.corner($0) }
    self.corners = corners
    grams = self.descentCount > 0 ? zip(blocks, corners).map { factor.gram($0, corner: $1) } : []
  }

  private var slots: Int { planeCount + 1 }
  private var width: Int { slots * Self.rows }
  private var columns: Int { factor.order.count }
  /// Sums for every row: z², then z ε and ε² of each level.
  var sumCount: Int { 2 * planeCount + 1 }

  static func blocks(columns: Int) -> [Range<Int>] {
    stride(from: 0, to: columns, by: blockColumns).map { $0..<min($0 + blockColumns, columns) }
  }

  /// Codes the panel.
  ///
  /// - Parameters:
  ///   - errors: columns × (levels + 1) × ``rows``, slot 0 holding the values in units of the finest
  ///     lattice, in the factor's order; scratch beyond that.
  ///   - codes: columns × ``rows``.
  /// - Returns: The sums of every row, each sum for all rows.
  func code(_ errors: inout [Float], into codes: inout [UInt8]) -> [Double] {
    precondition(errors.count == columns * width && codes.count == columns * Self.rows)
    var remainders = [Float](repeating: 0, count: errors.count)
    let blocks = Self.blocks(columns: columns)
    for index in blocks.indices.reversed() {
      let block = blocks[index]
      setTargets(&remainders, errors, block)
      unsafe runKernel(block, corners[index], &remainders, &errors, &codes) {
        _ = unsafe bstk_feedback_block($0, $1, $2, $3)
      }
    }
    var changes = [Float](repeating: 0, count: Self.blockColumns * width)
    var gradients = changes
    for _ in 0..<descentCount {
      for index in blocks.indices.reversed() {
        let block = blocks[index]
        setGradients(&gradients, remainders, block, corners[index])
        unsafe runKernel(block, corners[index], &gradients, &errors, &codes, offset: false) {
          state, gradients, errors, codes in
          unsafe bstk_descent_block(state, grams[index], gradients, errors, &changes, codes)
        }
        passOn(changes, block, corners[index], to: &remainders)
      }
    }
    return sums(remainders)
  }

  // MARK: Between blocks

  /// Values and what the columns behind the block pass on.
  private func setTargets(_ targets: inout [Float], _ errors: [Float], _ block: Range<Int>) {
    let first = block.lowerBound * width
    if let factors = factor.factors, block.upperBound < columns {
      var span = targets.mutableSpan
      var part = span._mutatingExtracting(first..<block.upperBound * width)
      BLAS.gemm(
        transposeA: true, m: block.count, n: width, k: columns - block.upperBound,
        a: factors.span.extracting((block.upperBound * columns + block.lowerBound)...),
        lda: columns, b: errors.span.extracting((block.upperBound * width)...), ldb: width,
        c: &part, ldc: width)
    }
    for column in block {
      let scale = 1 / factor.pivots[column]
      for slot in 0..<slots {
        let target = column * width + slot * Self.rows
        for row in 0..<Self.rows {
          targets[target + row] = targets[target + row] * scale + errors[column * width + row]
        }
      }
    }
  }

  /// For each column of the block, all columns' errors times what they cost with it.
  private func setGradients(
    _ gradients: inout [Float], _ remainders: [Float], _ block: Range<Int>, _ corner: [Float]
  ) {
    guard let factors = factor.factors else { return }
    var span = gradients.mutableSpan
    BLAS.gemm(
      m: block.count, n: width, k: block.lowerBound,
      a: factors.span.extracting((block.lowerBound * columns)...), lda: columns,
      b: remainders.span, ldb: width, c: &span, ldc: width)
    BLAS.gemm(
      m: block.count, n: width, k: block.count, a: corner.span, lda: block.count,
      b: remainders.span.extracting((block.lowerBound * width)...), ldb: width,
      beta: block.lowerBound > 0 ? 1 : 0, c: &span, ldc: width)
  }

  private func passOn(
    _ changes: [Float], _ block: Range<Int>, _ corner: [Float], to remainders: inout [Float]
  ) {
    guard let factors = factor.factors else { return }
    var span = remainders.mutableSpan
    BLAS.gemm(
      transposeA: true, m: block.lowerBound, n: width, k: block.count,
      a: factors.span.extracting((block.lowerBound * columns)...), lda: columns, b: changes.span,
      ldb: width, beta: 1, c: &span, ldc: width)
    var part = span._mutatingExtracting(block.lowerBound * width..<block.upperBound * width)
    BLAS.gemm(
      transposeA: true, m: block.count, n: width, k: block.count, a: corner.span,
      lda: block.count, b: changes.span, ldb: width, beta: 1, c: &part, ldc: width)
  }

  private func sums(_ remainders: [Float]) -> [Double] {
    var sums = [Double](repeating: 0, count: sumCount * Self.rows)
    for column in 0..<columns {
      for row in 0..<Self.rows {
        let first = column * width + row
        let whole = Double(remainders[first])
        sums[row] += whole * whole
        for level in 0..<planeCount {
          let left = Double(remainders[first + (level + 1) * Self.rows])
          sums[(2 * level + 1) * Self.rows + row] += whole * left
          sums[(2 * level + 2) * Self.rows + row] += left * left
        }
      }
    }
    return sums
  }

  // MARK: Within a block

  /// Calls a kernel on a block: `first` is its slots in the whole array or, without `offset`, an
  /// array of the block alone.
  private func runKernel(
    _ block: Range<Int>, _ corner: [Float], _ first: inout [Float], _ errors: inout [Float],
    _ codes: inout [UInt8], offset: Bool = true,
    _ kernel: (
      UnsafePointer<bstk_feedback>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<UInt8>
    ) -> Void
  ) {
    unsafe weights.withUnsafeBufferPointer { weights in
      unsafe corner.withUnsafeBufferPointer { corner in
        unsafe factor.pivots.withUnsafeBufferPointer { pivots in
          guard let pivot = pivots.baseAddress else { return }
          var state = unsafe bstk_feedback(
            rows: Self.rows, columns: block.count, levels: planeCount,
            weights: weights.baseAddress, factors: corner.baseAddress, stride: block.count,
            pivots: pivot + block.lowerBound)
          unsafe first.withUnsafeMutableBufferPointer { first in
            unsafe errors.withUnsafeMutableBufferPointer { errors in
              unsafe codes.withUnsafeMutableBufferPointer { codes in
                guard let f = first.baseAddress, let e = errors.baseAddress,
                  let c = codes.baseAddress
                else { return }
                // SAFETY: the block lies inside the arrays, as `code` has checked; kernels stay in
                // the block.
                unsafe kernel(
                  &state, f + (offset ? block.lowerBound * width : 0),
                  e + block.lowerBound * width, c + block.lowerBound * Self.rows)
              }
            }
          }
        }
      }
    }
  }
}

extension FeedbackFactor {
  /// The block's own part of the factor: lower triangular, with the pivots on its diagonal.
  fileprivate func corner(_ block: Range<Int>) -> [Float] {
    var corner = [Float](repeating: 0, count: block.count * block.count)
    for row in block {
      let target = (row - block.lowerBound) * block.count
      if let factors {
        for column in block.lowerBound..<row {
          corner[target + column - block.lowerBound] = factors[row * order.count + column]
        }
      }
      corner[target + row - block.lowerBound] = pivots[row]
    }
    return corner
  }

  /// What errors of two columns of the block cost together: its rows of L · Lᵀ.
  fileprivate func gram(_ block: Range<Int>, corner: [Float]) -> [Float] {
    var gram = [Float](repeating: 0, count: block.count * block.count)
    guard let factors else { return gram }
    var span = gram.mutableSpan
    let rows = factors.span.extracting((block.lowerBound * order.count)...)
    BLAS.gemm(
      transposeB: true, m: block.count, n: block.count, k: block.lowerBound, a: rows,
      lda: order.count, b: rows, ldb: order.count, c: &span, ldc: block.count)
    BLAS.gemm(
      transposeB: true, m: block.count, n: block.count, k: block.count, a: corner.span,
      lda: block.count, b: corner.span, ldb: block.count, beta: block.lowerBound > 0 ? 1 : 0,
      c: &span, ldc: block.count)
    return gram
  }
}
