/// Products with a matrix whose weights are rebuilt tile by tile, each tile used for all tokens.
enum TiledProduct {
  /// Weights of one tile, in elements: half a megabyte.
  private static let tileElements = 1 << 17

  /// y(t, firstColumn + r) = Σ_c W(r, c) · x(t, c).
  ///
  /// - Parameters:
  ///   - x: tokens × `columns`.
  ///   - y: tokens rows of `rowStride` values.
  ///   - rebuild: Writes the weights of a range of rows; called from several threads.
  static func multiply(
    rows: Int, columns: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int,
    firstColumn: Int, rebuild: @Sendable (Range<Int>, inout MutableSpan<Float>) -> Void
  ) {
    let tokens = x.count / columns
    let tiles = RowTiles(rows: rows, height: min(128, max(8, tileElements / columns)))
    BLAS.withSerialProducts {
      unsafe x.withUnsafeBufferPointer { x in
        unsafe y.withUnsafeMutableBufferPointer { y in
          // SAFETY: every tile writes its own columns of y; x does not change meanwhile.
          nonisolated(unsafe) let input = unsafe x
          nonisolated(unsafe) let output = unsafe y
          Parallel.forEach(tiles.count) { index in
            let range = tiles[index]
            let start = firstColumn + range.lowerBound
            let count = (tokens - 1) * rowStride + range.count
            var weights = [Float](repeating: 0, count: range.count * columns)
            var tile = weights.mutableSpan
            rebuild(range, &tile)
            var part = unsafe MutableSpan(
              _unsafeElements: UnsafeMutableBufferPointer(
                rebasing: output[start..<start + count]))
            BLAS.gemm(
              transposeB: true, m: tokens, n: range.count, k: columns, a: unsafe input.span,
              lda: columns, b: weights.span, ldb: columns, c: &part, ldc: rowStride)
          }
        }
      }
    }
  }
}
