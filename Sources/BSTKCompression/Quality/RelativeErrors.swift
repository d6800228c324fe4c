public import BSTKModelFiles
public import BSTKFormat

/// How far the matrices of a `.bstk` file or prefix are from the model it was made of.
public struct RelativeErrors: Hashable, Sendable {
  /// One matrix.
  public struct Matrix: Hashable, Sendable {
    /// The tensor's name.
    public let name: String
    /// Levels that are there, of all parts together.
    public let levelCount: Int
    /// ‖W − Ŵ‖ / ‖W‖ (Frobenius); 0 for a zero matrix that is reproduced.
    public let relativeError: Double
  }

  /// The matrices, by name.
  public let matrices: [Matrix]
  /// The same quotient for all matrices taken as one.
  public let total: Double

  /// Compares every matrix with its source, strip by strip.
  ///
  /// - Throws: `MODEL` when the folder lacks a matrix or has it in another shape, and what reading
  ///   either side throws.
  public init(of weights: BSTKWeights, against source: any ModelSource) throws(BSTKError) {
    var matrices: [Matrix] = []
    var totals = (difference: 0.0, norm: 0.0)
    for matrix in weights.manifest.matrixTensors {
      guard source.tensor(named: matrix.name)?.shape == [matrix.rows, matrix.columns] else {
        throw BSTKError(
          .model, "\(source.path) has no \(matrix.rows) × \(matrix.columns) matrix \(matrix.name)",
          remedy: "name the folder the file was compressed from")
      }
      var sums = (difference: 0.0, norm: 0.0)
      try weights.forEachStrip(of: matrix) { rows, strip throws(BSTKError) in
        var original = [Float](repeating: 0, count: strip.count)
        var span = original.mutableSpan
        try source.readFloats(
          of: matrix.name, from: rows.lowerBound * matrix.columns, into: &span)
        for index in strip.indices {
          let value = Double(original[index])
          let difference = value - Double(strip[index])
          sums.difference += difference * difference
          sums.norm += value * value
        }
      }
      totals.difference += sums.difference
      totals.norm += sums.norm
      matrices.append(
        Matrix(
          name: matrix.name, levelCount: matrix.parts.reduce(0) { $0 + weights.levelCounts[$1] },
          relativeError: Self.quotient(sums)))
    }
    self.matrices = matrices
    total = Self.quotient(totals)
  }

  private static func quotient(_ sums: (difference: Double, norm: Double)) -> Double {
    if sums.norm == 0 { return sums.difference == 0 ? 0 : .infinity }
    return (sums.difference / sums.norm).squareRoot()
  }
}
