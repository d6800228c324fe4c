/// The two orders of the rows of a head: pairs that rotate together side by side, as llama.cpp has
/// them, or the first of all pairs before the second ones, as the transformers library has them.
package struct GGUFHeadOrder: Hashable, Sendable {
  /// Rows of a head; even.
  package let rowCount: Int

  /// The orders of heads of so many rows.
  package init(rowCount: Int) { self.rowCount = rowCount }

  /// Where a row of the library's order stands in the file's.
  func fileRow(_ row: Int) -> Int {
    let half = rowCount / 2
    return row % half * 2 + row / half
  }

  /// A head's rows brought from the library's order into the file's.
  package func inFileOrder(_ rows: [Float]) -> [Float] {
    let width = rows.count / rowCount
    var result = [Float](repeating: 0, count: rows.count)
    for row in 0..<rowCount {
      let target = fileRow(row) * width
      for column in 0..<width { result[target + column] = rows[row * width + column] }
    }
    return result
  }
}
