internal import CKernels

enum LevelAccumulator {
  /// Adds sign ⊙ (U · V^T) of all levels to rows `first` and following, or subtracts them.
  ///
  /// - Parameter weights: whole rows of `columns` values.
  /// - Precondition: the levels have at least the rows touched and `columns` columns.
  static func add(
    _ levels: ArraySlice<DecodedLevel>, subtracting: Bool = false, firstRow: Int, columns: Int,
    to weights: inout MutableSpan<Float>
  ) {
    let rows = weights.count / columns
    precondition(firstRow >= 0 && weights.count == rows * columns)
    for level in levels {
      precondition(level.vt.count == level.rank * columns)
      precondition(level.u.count >= (firstRow + rows) * level.rank)
      if let signs = level.signs {
        precondition(signs.count >= ((firstRow + rows) * columns + 7) / 8)
      }
    }
    // About a megabyte of weights stays in the cache while every level is added.
    let panelRows = max(8, min(256, (1 << 18) / columns) / 8 * 8)
    let panels = (rows + panelRows - 1) / panelRows
    let scratchCount = levels.reduce(0) { $0 + $1.rank } * Int(BSTK_TILE_COLUMNS) + 16
    unsafe withKernelLevels(levels, gathered: []) { kernelLevels in
      unsafe weights.withUnsafeMutableBufferPointer { weights in
        // SAFETY: every panel writes its own rows; the levels do not change meanwhile.
        nonisolated(unsafe) let target = unsafe weights
        nonisolated(unsafe) let source = unsafe kernelLevels
        Parallel.forEach(panels) { panel in
          guard let out = unsafe target.baseAddress else { return }
          let start = panel * panelRows
          var scratch = [Float](repeating: 0, count: scratchCount)
          // SAFETY: the preconditions above, with the panel cut at the last row.
          unsafe bstk_accumulate_levels(
            out + start * columns, firstRow + start, min(panelRows, rows - start), columns,
            source.baseAddress, source.count, subtracting ? 1 : 0, &scratch)
        }
      }
    }
  }

  /// Rows `rows` of Σ sign ⊙ (U · V^T), on this thread.
  ///
  /// - Parameters:
  ///   - levels: U of each holds only the rows from ``firstHeldRow(_:)`` on.
  ///   - weights: the rows asked for, of `columns` values.
  static func rebuild(
    _ levels: ArraySlice<DecodedLevel>, rows: Range<Int>, columns: Int,
    into weights: inout MutableSpan<Float>
  ) {
    let base = firstHeldRow(rows.lowerBound)
    precondition(weights.count == rows.count * columns)
    for level in levels {
      precondition(level.vt.count == level.rank * columns)
      precondition(level.u.count >= (rows.upperBound - base) * level.rank)
      if let signs = level.signs {
        precondition(signs.count >= (rows.upperBound * columns + 7) / 8)
      }
    }
    var scratch = [Float](
      repeating: 0, count: levels.reduce(0) { $0 + $1.rank } * Int(BSTK_TILE_COLUMNS) + 16)
    weights.update(repeating: 0)
    unsafe withKernelLevels(levels, signOffset: base / 8 * columns, gathered: []) { levels in
      unsafe weights.withUnsafeMutableBufferPointer { weights in
        guard let out = weights.baseAddress else { return }
        // SAFETY: the preconditions above; U and the signs begin with row `base`.
        unsafe bstk_accumulate_levels(
          out, rows.lowerBound - base, rows.count, columns, levels.baseAddress, levels.count, 0,
          &scratch)
      }
    }
  }

  /// The last row not after `row` whose signs begin a byte whatever the columns.
  static func firstHeldRow(_ row: Int) -> Int { row / 8 * 8 }

  /// Calls `body` with the levels as the kernel takes them, `signOffset` bytes of signs left out.
  static func withKernelLevels(
    _ levels: ArraySlice<DecodedLevel>,
    signOffset: Int = 0,
    gathered: [bstk_level],
    _ body: (UnsafeBufferPointer<bstk_level>) -> Void
  ) {
    guard let level = levels.first else {
      unsafe gathered.withUnsafeBufferPointer { unsafe body($0) }
      return
    }
    unsafe level.u.withUnsafeBufferPointer { u in
      unsafe level.vt.withUnsafeBufferPointer { vt in
        func rest(_ signs: UnsafePointer<UInt8>?) {
          // SAFETY: the pointers are used only inside the closures that lend them.
          let one = unsafe bstk_level(
            u: u.baseAddress, vt: vt.baseAddress, signs: signs, rank: level.rank)
          unsafe withKernelLevels(
            levels.dropFirst(), signOffset: signOffset, gathered: gathered + [one], body)
        }
        if let signs = level.signs {
          unsafe signs.withUnsafeBufferPointer {
            unsafe rest($0.baseAddress.map { unsafe $0 + signOffset })
          }
        } else {
          rest(nil)
        }
      }
    }
  }
}
