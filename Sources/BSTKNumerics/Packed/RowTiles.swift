/// Ranges of a matrix's rows that one thread handles at a time, the same whatever the threads.
struct RowTiles: Sendable {
  let rows: Int
  /// The rows of every tile but the last.
  let height: Int

  /// Tiles of at most `height` rows.
  init(rows: Int, height: Int) {
    self.rows = rows
    self.height = max(1, min(height, rows))
  }

  var count: Int { (rows + height - 1) / height }

  /// The rows of tile `index`.
  subscript(index: Int) -> Range<Int> {
    index * height..<min(rows, (index + 1) * height)
  }
}
