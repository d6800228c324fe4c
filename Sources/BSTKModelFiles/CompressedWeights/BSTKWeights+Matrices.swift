package import BSTKFormat

internal import BSTKNumerics

extension BSTKWeights {
  /// A whole tensor, row-major, from the first levels of each of its parts, at most `levels` of those
  /// that are used.
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

  /// Matrix `number` from its first levels, at most `levels` of those that are used.
  ///
  /// - Parameter weights: The whole tensor, row-major; only the rows of the matrix change.
  package func loadMatrix(
    _ number: Int, levels: Int = .max, into weights: inout MutableSpan<Float>
  ) throws(BSTKError) {
    var part = weights._mutatingExtracting(elements(ofMatrix: number))
    try reconstructor(ofMatrix: number, levels: levels).reconstruct(into: &part)
  }

  /// Turns weights made of the first `old` levels of a matrix into those of the first `new` ones.
  ///
  /// Sign blocks are added or taken off; nested planes give the weights anew.
  ///
  /// - Parameter weights: The whole tensor, row-major; only the rows of the matrix change.
  package func change(
    matrix number: Int, from old: Int, to new: Int, _ weights: inout MutableSpan<Float>
  ) throws(BSTKError) {
    guard old != new else { return }
    switch manifest.matrices[number].kind {
    case .signBlocks:
      var part = weights._mutatingExtracting(elements(ofMatrix: number))
      try signBlocks(ofMatrix: number, levels: min(old, new)..<max(old, new))
        .reconstruct(mode: old < new ? .add : .subtract, into: &part)
    case .nestedPlanes:
      try loadMatrix(number, levels: new, into: &weights)
    }
  }

  /// Reconstructs a tensor strip by strip.
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
      let reconstructor = try reconstructor(ofMatrix: number)
      let stripRowCount = min(matrix.rows, max(1, (1 << 22) / matrix.columns))
      var start = 0
      while start < matrix.rows {
        let rows = start..<min(start + stripRowCount, matrix.rows)
        var weights = [Float](repeating: 0, count: rows.count * matrix.columns)
        var span = weights.mutableSpan
        reconstructor.reconstruct(rows: rows, into: &span)
        let first = matrix.firstRow
        try body((first + rows.lowerBound)..<(first + rows.upperBound), weights.span)
        start = rows.upperBound
      }
    }
  }

  /// Where the elements of matrix `number` stand among those of its tensor.
  private func elements(ofMatrix number: Int) -> Range<Int> {
    let matrix = manifest.matrices[number]
    let start = matrix.firstRow * matrix.columns
    return start..<(start + matrix.elementCount)
  }
}
