enum Restride {
  /// The same rows with more room in each, zeros after the old values.
  static func widened<Element: BinaryFloatingPoint>(
    _ matrix: [Element], rows: Int, from old: Int, to new: Int
  ) -> [Element] {
    precondition(new >= old && matrix.count == rows * old)
    var result = [Element](repeating: 0, count: rows * new)
    for row in 0..<rows {
      for column in 0..<old { result[row * new + column] = matrix[row * old + column] }
    }
    return result
  }
}
