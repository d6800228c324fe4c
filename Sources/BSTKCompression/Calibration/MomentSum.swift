internal import BSTKNumerics

/// The running sum of x xᵀ over tokens.
///
/// The matrix is symmetric: panels of rows hold what is left of the diagonal and the block on it.
/// Each is summed by one thread, token after token, so the sum depends on the order of the inputs
/// alone.
struct MomentSum {
  /// Rows `first...` of the matrix, columns from 0 to the end of the block on the diagonal.
  struct Panel: Sendable {
    let first: Int
    let rowCount: Int
    /// rowCount × (first + rowCount).
    var values: [Float]

    var columnCount: Int { first + rowCount }
  }

  /// Rows of a panel: enough for products to run at full speed, few enough that a narrow matrix
  /// has work for several threads.
  private static let panelRows = 128

  /// Side of the matrix.
  let width: Int
  private(set) var panels: [Panel]

  init(width: Int) {
    self.width = width
    panels = stride(from: 0, to: width, by: Self.panelRows).map { first in
      let rows = min(Self.panelRows, width - first)
      return Panel(
        first: first, rowCount: rows, values: [Float](repeating: 0, count: rows * (first + rows)))
    }
  }

  /// Adds inputs one after the other, each tokens × width.
  mutating func add(_ inputs: [[Float]]) {
    let width = width
    precondition(inputs.allSatisfy { $0.count % width == 0 })
    Parallel.update(&panels) { _, panel in
      let (first, rows, columns) = (panel.first, panel.rowCount, panel.columnCount)
      var sums = panel.values.mutableSpan
      for input in inputs where !input.isEmpty {
        BLAS.gemm(
          transposeA: true, m: rows, n: columns, k: input.count / width,
          a: input.span.extracting(droppingFirst: first), lda: width, b: input.span, ldb: width,
          beta: 1, c: &sums, ldc: columns)
      }
    }
  }

  /// The rows of a panel over the whole width, times `factor`, mirrored at the diagonal.
  func rows(ofPanel number: Int, factor: Double) -> [Float] {
    let panel = panels[number]
    var rows: [Float] = []
    rows.reserveCapacity(panel.rowCount * width)
    for row in 0..<panel.rowCount {
      let diagonal = panel.first + row
      for column in 0...diagonal {
        rows.append(Float(factor * Double(panel.values[row * panel.columnCount + column])))
      }
      for other in panels[number...] {
        let mirrored = max(diagonal + 1, other.first)..<other.columnCount
        for column in mirrored {
          let place = (column - other.first) * other.columnCount + diagonal
          rows.append(Float(factor * Double(other.values[place])))
        }
      }
    }
    return rows
  }
}
