internal import Synchronization

/// Products with a matrix in code, a tile of rows at a time.
enum TiledProduct {
  /// The most tokens for which bits are multiplied rather than weights rebuilt.
  static let fewTokens = 8

  /// Weights of one tile: half a megabyte.
  private static let tileElements = 1 << 17

  /// y(t, firstColumn + r) = Σ_c W(r, c) · x(t, c) from weights, each tile of which is used for all tokens.
  ///
  /// - Parameters:
  ///   - x: tokens × `columns`.
  ///   - y: tokens rows of `rowStride` values.
  ///   - rebuild: Writes the weights of a range of rows; called from several threads.
  static func multiply(
    rows: Int, columns: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int,
    firstColumn: Int, rebuild: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    let tokens = x.count / columns
    let tiles = RowTiles(rows: rows, height: min(128, max(8, tileElements / columns)))
    let workers = min(BLAS.threadCount, tiles.count)
    let taken = Atomic(0)
    BLAS.withSerialProducts {
      unsafe x.withUnsafeBufferPointer { x in
        unsafe y.withUnsafeMutableBufferPointer { y in
          // SAFETY: every tile writes its own columns of y; x does not change meanwhile.
          nonisolated(unsafe) let input = unsafe x
          nonisolated(unsafe) let output = unsafe y
          Parallel.forEach(workers) { _ in
            let weights = UnsafeMutableBufferPointer<Float>.allocate(
              capacity: tiles.height * columns)
            defer { unsafe weights.deallocate() }
            while true {
              let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
              guard index < tiles.count else { return }
              let range = tiles[index]
              let tile = unsafe UnsafeMutableBufferPointer(
                rebasing: weights[..<(range.count * columns)])
              unsafe rebuild(range, tile)
              let start = firstColumn + range.lowerBound
              let count = (tokens - 1) * rowStride + range.count
              var part = unsafe MutableSpan(
                _unsafeElements: UnsafeMutableBufferPointer(
                  rebasing: output[start..<start + count]))
              BLAS.gemm(
                transposeB: true, m: tokens, n: range.count, k: columns, a: unsafe input.span,
                lda: columns, b: unsafe tile.span, ldb: columns, c: &part, ldc: rowStride)
            }
          }
        }
      }
    }
  }

  /// The same for a few tokens, each of which goes through the code.
  ///
  /// - Parameter product: Writes W(r, ·) · x(t, ·) for a range of rows and token t to consecutive
  ///   floats; called from several threads.
  static func multiply(
    rows: Int, columns: Int, tokens: Int, into y: inout MutableSpan<Float>, rowStride: Int,
    firstColumn: Int, product: @Sendable (Range<Int>, Int, UnsafeMutablePointer<Float>) -> Void
  ) {
    let tiles = RowTiles(rows: rows, columns: columns)
    unsafe y.withUnsafeMutableBufferPointer { y in
      guard let start = y.baseAddress else { return }
      // SAFETY: every tile writes its own rows' values of each token.
      nonisolated(unsafe) let out = unsafe start + firstColumn
      Crew.shared.forEach(tiles.count) { index in
        let range = tiles[index]
        for token in 0..<tokens {
          unsafe product(range, token, out + token * rowStride + range.lowerBound)
        }
      }
    }
  }
}
