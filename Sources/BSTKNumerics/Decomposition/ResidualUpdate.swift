internal import CKernels

enum ResidualUpdate {
  /// R -= sign ⊙ (U · V^T) on a residual kept as absolute values and signs.
  ///
  /// - Parameter level: the magnitude; its own signs are not looked at.
  /// - Returns: ‖R‖² afterwards, the same for any number of threads.
  static func subtract(
    _ level: DecodedLevel, from absolute: inout [Float], signs: inout [UInt8], rows: Int,
    columns: Int
  ) -> Double {
    precondition(absolute.count == rows * columns && signs.count == (absolute.count + 7) / 8)
    precondition(level.u.count == rows * level.rank && level.vt.count == level.rank * columns)
    let rank = level.rank
    // A multiple of eight rows, so that no two panels share a byte of signs.
    let panelRows = max(8, min(64, (1 << 17) / columns) / 8 * 8)
    let panels = (rows + panelRows - 1) / panelRows
    var squares = [Double](repeating: 0, count: panels)
    unsafe absolute.withUnsafeMutableBufferPointer { absolute in
      unsafe signs.withUnsafeMutableBufferPointer { signs in
        unsafe squares.withUnsafeMutableBufferPointer { squares in
          // SAFETY: every panel touches its own values, sign bytes and sum.
          nonisolated(unsafe) let values = unsafe absolute
          nonisolated(unsafe) let plane = unsafe signs
          nonisolated(unsafe) let sums = unsafe squares
          Parallel.forEach(panels) { panel in
            let start = panel * panelRows
            let count = min(panelRows, rows - start)
            var magnitude = [Float](repeating: 0, count: count * columns)
            var scratch = [Float](repeating: 0, count: rank * Int(BSTK_TILE_COLUMNS) + 16)
            unsafe level.u.withUnsafeBufferPointer { u in
              unsafe level.vt.withUnsafeBufferPointer { vt in
                guard let base = unsafe values.baseAddress, let bits = unsafe plane.baseAddress
                else { return }
                // SAFETY: the preconditions above, with the panel cut at the last row.
                var kernelLevel = unsafe bstk_level(
                  u: u.baseAddress, vt: vt.baseAddress, signs: nil, rank: rank)
                unsafe bstk_accumulate_levels(
                  &magnitude, start, count, columns, &kernelLevel, 1, 0, &scratch)
                let first = start * columns
                unsafe sums[panel] = bstk_residual_step(
                  base + first, bits + first / 8, magnitude, count * columns)
              }
            }
          }
        }
      }
    }
    return squares.reduce(0, +)
  }
}
