/// Ranges of a matrix's rows that one thread handles at a time.
struct RowTiles: Sendable {
  let rows: Int
  /// The rows of every tile but the last.
  let height: Int

  /// Tiles of at most `height` rows.
  init(rows: Int, height: Int) {
    self.rows = rows
    self.height = max(1, min(height, rows))
  }

  /// Tiles for the product with a few tokens, each worth a microsecond or two for each of them.
  init(rows: Int, columns: Int) {
    let weights = max(1 << 16, rows * columns / 64)
    self.init(rows: rows, height: max(4, weights / columns / 4 * 4))
  }

  var count: Int { (rows + height - 1) / height }

  /// The rows of tile `index`.
  subscript(index: Int) -> Range<Int> {
    index * height..<min(rows, (index + 1) * height)
  }
}
