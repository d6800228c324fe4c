internal import BSTKFormat
internal import BSTKModel

/// How far the matrices of one model folder are from another's.
enum WeightError {
  /// Elements compared at a time.
  private static let stepCount = 1 << 16

  /// The relative Frobenius error over all matrices together: the root of the summed squared
  /// differences by the summed squares of `source`.
  static func relative(of model: HuggingFaceFolder, to source: HuggingFaceFolder) throws -> Double {
    var difference = 0.0
    var norm = 0.0
    for matrix in source.matrices {
      for start in stride(from: 0, to: matrix.elementCount, by: stepCount) {
        let count = min(stepCount, matrix.elementCount - start)
        let expected = try floats(of: matrix.name, start, count, in: source)
        let actual = try floats(of: matrix.name, start, count, in: model)
        for (a, b) in zip(expected, actual) {
          norm += Double(a) * Double(a)
          difference += Double(a - b) * Double(a - b)
        }
      }
    }
    return norm > 0 ? (difference / norm).squareRoot() : 0
  }

  private static func floats(
    of name: String, _ start: Int, _ count: Int, in folder: HuggingFaceFolder
  ) throws -> [Float] {
    var values = [Float](repeating: 0, count: count)
    var span = values.mutableSpan
    try folder.readFloats(of: name, from: start, into: &span)
    return values
  }
}
