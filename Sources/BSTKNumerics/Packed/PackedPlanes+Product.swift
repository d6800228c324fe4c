internal import CKernels

extension PackedPlanes {
  /// Tokens up to which each goes through the planes by itself.
  private static let singleTokens = 3
  /// Inputs held at a time where there are many tokens, five to nine bytes each.
  private static let inputsAtOnce = 1 << 19
  /// Bytes of unpacked integers that stay in the cache next to the processor.
  private static let unpackedBytes = 24 << 10

  /// The product of ``PackedMatrix/multiply(_:into:rowStride:firstColumn:precision:)``, whose
  /// preconditions hold.
  func multiply(
    _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int, firstColumn: Int,
    precision: ProductPrecision
  ) {
    unsafe lend { matrix in
      switch precision {
      case .exact:
        unsafe multiplyWeights(
          matrix, x, into: &y, rowStride: rowStride, firstColumn: firstColumn)
      case .rounded where x.count / columns <= Self.singleTokens:
        unsafe multiplyPlanes(matrix, x, into: &y, rowStride: rowStride, firstColumn: firstColumn)
      case .rounded:
        unsafe multiplyIntegers(
          matrix, x, into: &y, rowStride: rowStride, firstColumn: firstColumn)
      }
    }
  }

  /// With weights rebuilt.
  private func multiplyWeights(
    _ matrix: bstk_planes, _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int,
    firstColumn: Int
  ) {
    unsafe withColumnScales(matrix) { scales in
      // SAFETY: lent for the duration of the product, and only read.
      nonisolated(unsafe) let (matrix, scales) = unsafe (matrix, scales)
      unsafe TiledProduct.multiply(
        rows: rows, columns: columns, x, into: &y, rowStride: rowStride, firstColumn: firstColumn
      ) { range, tile in unsafe Self.rebuild(matrix, rows: range, scales, into: tile) }
    }
  }

  /// Every token with the planes as they are.
  private func multiplyPlanes(
    _ matrix: bstk_planes, _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int,
    firstColumn: Int
  ) {
    let (rows, columns, tokens) = (rows, columns, x.count / columns)
    unsafe RoundedInputs.lend(count: tokens, keeping: tokens, columns: columns) { floats, first in
      // SAFETY: lent for the duration of the product, written here and then only read.
      nonisolated(unsafe) let (matrix, inputs, rounded) = unsafe (matrix, floats, first)
      unsafe x.withUnsafeBufferPointer { x in
        guard let from = x.baseAddress else { return }
        for token in 0..<tokens {
          let to = unsafe inputs + token * columns
          // SAFETY: the inputs of one token, and room for as many.
          unsafe withUnsafePointer(to: matrix) {
            unsafe bstk_planes_inputs($0, from + token * columns, to)
          }
          unsafe bstk_round_inputs(to, columns, matrix.count, rounded + token)
        }
      }
      unsafe TiledProduct.multiply(
        rows: rows, columns: columns, tokens: tokens, into: &y, rowStride: rowStride,
        firstColumn: firstColumn
      ) { range, token, out in
        unsafe withUnsafePointer(to: matrix) {
          // SAFETY: rows that exist, and room for a value of each.
          unsafe bstk_planes_product(
            $0, range.lowerBound, range.count, inputs + token * columns, rounded + token, out)
        }
      }
    }
  }

  /// Integers unpacked from the planes a few rows at a time, for a block of tokens.
  private func multiplyIntegers(
    _ matrix: bstk_planes, _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int,
    firstColumn: Int
  ) {
    let (columns, group) = (columns, Int(BSTK_TOKEN_GROUP))
    let tokens = x.count / columns
    let block = min(tokens, max(group, Self.inputsAtOnce / columns / group * group))
    let groups = (block + group - 1) / group
    let isListing = unsafe matrix.listed > 0
    unsafe withColumnScales(matrix) { scales in
      unsafe RoundedInputs.lend(
        count: block, keeping: isListing ? groups * group : 0, columns: columns
      ) { byColumn, rounded in
        // SAFETY: lent for the duration of the product.
        nonisolated(unsafe) let (matrix, scales) = unsafe (matrix, scales)
        nonisolated(unsafe) let (byColumn, rounded) = unsafe (isListing ? byColumn : nil, rounded)
        for start in stride(from: 0, to: tokens, by: block) {
          let count = min(block, tokens - start)
          unsafe x.withUnsafeBufferPointer { x in
            guard let from = unsafe x.baseAddress.map({ unsafe $0 + start * columns }) else {
              return
            }
            // SAFETY: only read.
            nonisolated(unsafe) let inputs = unsafe from
            Crew.shared.forEach((count + group - 1) / group) { index in
              let first = index * group
              unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { floats in
                unsafe withUnsafePointer(to: matrix) {
                  // SAFETY: each group writes its own part, for which there is room.
                  unsafe bstk_planes_round(
                    $0, scales, inputs + first * columns, min(group, count - first),
                    floats.baseAddress, rounded + first,
                    byColumn.map { unsafe $0 + first * columns })
                }
              }
            }
          }
          unsafe multiply(
            matrix, rounded, byColumn, tokens: count, into: &y,
            start: start * rowStride + firstColumn, rowStride: rowStride)
        }
      }
    }
  }

  /// One block of tokens.
  ///
  /// - Parameter start: where the result of the first token and row goes.
  private func multiply(
    _ matrix: bstk_planes, _ rounded: UnsafeMutablePointer<bstk_inputs>,
    _ byColumn: UnsafeMutablePointer<Float>?, tokens: Int, into y: inout MutableSpan<Float>,
    start: Int, rowStride: Int
  ) {
    let chunkColumns = Int(BSTK_CHUNK_COLUMNS)
    let rowBytes = (columns + chunkColumns - 1) / chunkColumns * chunkColumns
    let strip = max(8, min(48, Self.unpackedBytes / rowBytes / 2 * 2))
    let tiles = RowTiles(rows: rows, height: strip)
    unsafe y.withUnsafeMutableBufferPointer { y in
      guard let out = unsafe y.baseAddress.map({ unsafe $0 + start }) else { return }
      // SAFETY: every tile writes its own rows' values of each token; the rest is only read.
      nonisolated(unsafe) let (matrix, output) = unsafe (matrix, out)
      nonisolated(unsafe) let (rounded, byColumn) = unsafe (rounded, byColumn)
      Crew.shared.forEach(tiles.count) { index in
        let range = tiles[index]
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: strip * rowBytes) { bytes in
          unsafe withUnsafePointer(to: matrix) {
            // SAFETY: rows that exist, and room for a strip of them.
            unsafe bstk_planes_products(
              $0, range.lowerBound, range.count, rounded, tokens, byColumn, bytes.baseAddress,
              strip, output + range.lowerBound, rowStride)
          }
        }
      }
    }
  }
}
