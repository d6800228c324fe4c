package import BSTKFormat

internal import BSTKNumerics

extension BSTKWeights {
  /// A whole tensor as fp32, row-major, from the first levels of each of its parts, at most `levels`
  /// of those that are used.
  package func loadMatrix(
    _ tensor: MatrixTensor, levels: Int = .max
  ) throws(BSTKError) -> [Float] {
    var weights = [Float](repeating: 0, count: tensor.elementCount)
    var span = weights.mutableSpan
    for number in tensor.parts {
      try loadMatrix(number, levels: levels, into: &span)
    }
    return weights
  }

  /// Matrix `number` as fp32 from its first levels, at most `levels` of those that are used.
  ///
  /// - Parameter weights: The whole tensor, row-major; only the rows of the matrix change.
  package func loadMatrix(
    _ number: Int, levels: Int = .max, into weights: inout MutableSpan<Float>
  ) throws(BSTKError) {
    let matrix = manifest.matrices[number]
    let start = matrix.firstRow * matrix.columns
    var part = weights._mutatingExtracting(start..<(start + matrix.elementCount))
    try packedMatrix(number, levels: levels).reconstruct(rows: 0..<matrix.rows, into: &part)
  }

  /// Rebuilds a tensor strip by strip.
  ///
  /// Memory: the packed blocks of one part and 16 MiB of weights, or one row where that is longer.
  ///
  /// - Parameter body: Lent a range of the tensor's rows and their weights, row-major.
  /// - Throws: what reading and decoding the blocks throws, and what `body` throws.
  package func forEachStrip(
    of tensor: MatrixTensor, _ body: (Range<Int>, Span<Float>) throws(BSTKError) -> Void
  ) throws(BSTKError) {
    for number in tensor.parts {
      let matrix = manifest.matrices[number]
      let packed = try packedMatrix(number)
      let stripRowCount = min(matrix.rows, max(1, (1 << 22) / matrix.columns))
      var start = 0
      while start < matrix.rows {
        let rows = start..<min(start + stripRowCount, matrix.rows)
        var weights = [Float](repeating: 0, count: rows.count * matrix.columns)
        var span = weights.mutableSpan
        packed.reconstruct(rows: rows, into: &span)
        let first = matrix.firstRow
        try body((first + rows.lowerBound)..<(first + rows.upperBound), weights.span)
        start = rows.upperBound
      }
    }
  }
}
