internal import CKernels
internal import Synchronization

/// Codes all rows of a matrix, panel by panel on all threads.
struct EncodingPass {
  let magnitude: Magnitude
  let outliers: Outliers
  let lattice: Lattice
  let panel: FeedbackPanel

  /// The integers of the finest level, rows × columns, and the kernel's sums of every row.
  func run(
    _ weights: Span<Float>, isCancelled: @Sendable () -> Bool
  ) throws(NumericsError) -> (codes: [UInt8], sums: [[Double]]) {
    let (rows, columns) = (magnitude.u.count, magnitude.v.count)
    let panels = (rows + FeedbackPanel.rows - 1) / FeedbackPanel.rows
    var codes = [UInt8](repeating: 0, count: rows * columns)
    let columnFactors = Magnitude.inverse(magnitude.v)
    let rowFactors = Magnitude.inverse(magnitude.u).map { $0 / lattice.step }
    let sums = Mutex([[Double]](repeating: [], count: panels))
    let wasCancelled = Atomic(false)
    try BLAS.serially { () throws(NumericsError) in
      unsafe weights.withUnsafeBufferPointer { weights in
        unsafe codes.withUnsafeMutableBufferPointer { codes in
          guard let source = weights.baseAddress, let output = codes.baseAddress else { return }
          // SAFETY: every panel reads its own rows and writes the codes of these.
          nonisolated(unsafe) let (w, target) = unsafe (source, output)
          Parallel.forEach(panels) { index in
            if isCancelled() { wasCancelled.store(true, ordering: .relaxed) }
            if wasCancelled.load(ordering: .relaxed) { return }
            let start = index * FeedbackPanel.rows
            let range = start..<min(start + FeedbackPanel.rows, rows)
            var errors = [Float](
              repeating: 0, count: columns * (lattice.planeCount + 1) * FeedbackPanel.rows)
            unsafe gather(
              w, range, rowFactors: rowFactors, columnFactors: columnFactors, into: &errors)
            var panelCodes = [UInt8](repeating: 0, count: columns * FeedbackPanel.rows)
            let panelSums = panel.code(&errors, into: &panelCodes)
            for place in 0..<columns {
              let column = Int(panel.factor.order[place])
              for row in range {
                unsafe target[row * columns + column] =
                  panelCodes[place * FeedbackPanel.rows + row - start]
              }
            }
            sums.withLock { $0[index] = panelSums }
          }
        }
      }
    }
    if wasCancelled.load(ordering: .relaxed) { throw .cancelled }
    return (codes, sums.withLock { $0 })
  }

  /// Puts the values of some rows, outliers clipped, into slot 0, in units of the finest step.
  private func gather(
    _ weights: UnsafePointer<Float>, _ rows: Range<Int>, rowFactors: [Float],
    columnFactors: [Float], into errors: inout [Float]
  ) {
    let columns = magnitude.v.count
    let stride = (lattice.planeCount + 1) * FeedbackPanel.rows
    let factors = Array(rowFactors[rows])
    // SAFETY: the rows lie inside the weights, and a panel has room for all its rows.
    unsafe bstk_gather_columns(
      weights + rows.lowerBound * columns, rows.count, columns, panel.factor.order, factors,
      columnFactors, &errors, stride)
    let listed = outliers.list.indices(of: rows.lowerBound * columns..<rows.upperBound * columns)
    guard !listed.isEmpty else { return }
    var places = [Int](repeating: 0, count: columns)
    for (place, column) in panel.factor.order.enumerated() { places[Int(column)] = place }
    for index in listed {
      let (row, column) = Int(outliers.list.positions[index]).quotientAndRemainder(
        dividingBy: columns)
      errors[places[column] * stride + row - rows.lowerBound] -=
        outliers.list.values[index] / lattice.step
    }
  }
}
