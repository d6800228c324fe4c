internal import COpenBLAS

/// The Cholesky factor of large matrices in 32-bit floating point, tile by tile.
///
/// Tiles are worked on by as many threads as there are, each with a serial BLAS, so that the factor
/// has the same bits on any number of them, which LAPACK's own threads do not promise.
enum BlockedCholesky {
  private static let tile = 256

  /// The lower triangle of `a` (row-major, `order` × `order`) becomes L with A = L · Lᵀ. What stands
  /// above the diagonal is overwritten near it and means nothing.
  ///
  /// - Throws: `factorizationFailed` naming the pivot that is not positive.
  static func factor(_ a: inout [Float], order: Int) throws(NumericsError) {
    precondition(a.count == order * order)
    let starts = Array(stride(from: 0, to: order, by: tile))
    try BLAS.serially { () throws(NumericsError) in
      var failure: NumericsError?
      unsafe a.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        // SAFETY: tiles in flight at the same time write disjoint parts of the matrix, inside it.
        nonisolated(unsafe) let matrix = unsafe base
        let stride = Int32(order)
        func size(_ start: Int) -> Int { min(tile, order - start) }
        for (step, start) in starts.enumerated() {
          let width = size(start)
          var (count, lda, status) = (Int32(width), stride, Int32(0))
          unsafe bstk_spotrf(&count, matrix + start * order + start, &lda, &status)
          guard status == 0 else {
            failure = .factorizationFailed(routine: "spotrf", status: start + Int(status))
            return
          }
          let below = Array(starts[(step + 1)...])
          Parallel.forEach(below.count) { index in
            unsafe bstk_strsm(
              Int32(min(tile, order - below[index])), Int32(width),
              matrix + start * order + start, stride, matrix + below[index] * order + start,
              stride)
          }
          let pairs = below.indices.flatMap { row in (0...row).map { (row, $0) } }
          Parallel.forEach(pairs.count) { index in
            let (row, column) = (below[pairs[index].0], below[pairs[index].1])
            unsafe bstk_sgemm(
              false, true, Int32(min(tile, order - row)), Int32(min(tile, order - column)),
              Int32(width), -1, matrix + row * order + start, stride,
              matrix + column * order + start, stride, 1, matrix + row * order + column, stride)
          }
        }
      }
      if let failure { throw failure }
    }
  }
}
