internal import CKernels

/// Codes a panel of rows with error feedback, a block of columns at a time.
///
/// Within a block every column's errors are passed on at once; to the blocks before it all errors
/// so far go in one matrix product a block, over all levels together.
struct FeedbackPanel {
  /// Columns of a block.
  static let blockColumns = 64
  /// Rows of a panel, a multiple of what the kernel takes at once.
  static let rows = 128

  let factor: FeedbackFactor
  let planeCount: Int
  let units: [Float]
  let weights: [Float]

  private var slots: Int { planeCount + 1 }
  /// Sums of the kernel for every row.
  var sumCount: Int { 2 * planeCount + 1 }

  /// Codes the panel.
  ///
  /// - Parameters:
  ///   - errors: columns × (levels + 1) × ``rows``, slot 0 holding the values in units of the finest
  ///     lattice, in the factor's order; scratch beyond that.
  ///   - codes: columns × ``rows``.
  /// - Returns: The sums of the kernel, each for every row.
  func code(_ errors: inout [Float], into codes: inout [UInt8]) -> [Double] {
    let columns = factor.order.count
    let width = slots * Self.rows
    precondition(errors.count == columns * width && codes.count == columns * Self.rows)
    var targets = [Float](repeating: 0, count: Self.blockColumns * width)
    var sums = [Double](repeating: 0, count: sumCount * Self.rows)
    var blockSums = [Float](repeating: 0, count: sums.count)
    for start in stride(from: 0, to: columns, by: Self.blockColumns).reversed() {
      let end = min(start + Self.blockColumns, columns)
      setTargets(&targets, errors, start..<end)
      for index in blockSums.indices { blockSums[index] = 0 }
      runKernel(start..<end, &targets, &errors, &codes, &blockSums)
      for index in sums.indices { sums[index] += Double(blockSums[index]) }
    }
    return sums
  }

  /// Values and what the columns behind the block pass on.
  private func setTargets(_ targets: inout [Float], _ errors: [Float], _ block: Range<Int>) {
    let width = slots * Self.rows
    let columns = factor.order.count
    for column in block {
      for slot in 0..<slots {
        let target = ((column - block.lowerBound) * slots + slot) * Self.rows
        for row in 0..<Self.rows { targets[target + row] = errors[column * width + row] }
      }
    }
    guard let factors = factor.factors, block.upperBound < columns else { return }
    var span = targets.mutableSpan
    BLAS.gemm(
      transposeA: true, m: block.count, n: width, k: columns - block.upperBound,
      a: factors.span.extracting((block.upperBound * columns + block.lowerBound)...),
      lda: columns, b: errors.span.extracting((block.upperBound * width)...), ldb: width, beta: 1,
      c: &span, ldc: width)
  }

  private func runKernel(
    _ block: Range<Int>, _ targets: inout [Float], _ errors: inout [Float],
    _ codes: inout [UInt8], _ sums: inout [Float]
  ) {
    let columns = factor.order.count
    // Where errors are not passed on, the factors of a block are zeros.
    let factors =
      factor.factors == nil
      ? [Float](repeating: 0, count: block.count * block.count) : []
    let stride = factor.factors == nil ? block.count : columns
    unsafe units.withUnsafeBufferPointer { units in
      unsafe weights.withUnsafeBufferPointer { weights in
        unsafe (factor.factors ?? factors).withUnsafeBufferPointer { factors in
          unsafe factor.pivots.withUnsafeBufferPointer { pivots in
            guard let f = factors.baseAddress, let p = pivots.baseAddress else { return }
            let first = factor.factors == nil ? 0 : block.lowerBound * columns + block.lowerBound
            var state = unsafe bstk_feedback(
              rows: Self.rows, columns: block.count, levels: planeCount,
              blended_levels: weights.count, units: units.baseAddress,
              weights: weights.baseAddress, factors: f + first, stride: stride,
              pivots: p + block.lowerBound)
            unsafe targets.withUnsafeMutableBufferPointer { targets in
              unsafe errors.withUnsafeMutableBufferPointer { errors in
                unsafe codes.withUnsafeMutableBufferPointer { codes in
                  unsafe sums.withUnsafeMutableBufferPointer { sums in
                    guard let t = targets.baseAddress, let e = errors.baseAddress,
                      let c = codes.baseAddress, let s = sums.baseAddress
                    else { return }
                    // SAFETY: the block lies inside all five arrays, as `code` has checked; the
                    // kernel stays in the block.
                    unsafe bstk_feedback_block(
                      &state, t, e + block.lowerBound * slots * Self.rows,
                      c + block.lowerBound * Self.rows, s)
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
