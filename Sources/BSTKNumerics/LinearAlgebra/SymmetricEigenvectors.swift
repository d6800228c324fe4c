internal import COpenBLAS

enum SymmetricEigenvectors {
  /// The `count` largest eigenvalues and their eigenvectors, one after the other, largest first.
  ///
  /// Each has a component sum ≥ 0, so that the sign does not depend on the routine's whims.
  ///
  /// - Parameter matrix: symmetric, `order` × `order`; overwritten.
  static func leading(
    _ count: Int, of matrix: inout [Double], order: Int
  ) throws(NumericsError) -> (values: [Double], vectors: [Double]) {
    try BLAS.load()
    var eigenvalues = [Double](repeating: 0, count: order)
    let workCount = 1 + 6 * order + 2 * order * order
    let integerCount = 3 + 5 * order
    var work = [Double](repeating: 0, count: workCount)
    var integers = [Int32](repeating: 0, count: integerCount)
    var n = Int32(order)
    var lwork = Int32(clamping: workCount)
    var liwork = Int32(integerCount)
    var status: Int32 = 0
    // SAFETY: the arrays have the lengths LAPACK documents for job V at this order.
    unsafe bstk_dsyevd(
      "V", "U", &n, &matrix, &n, &eigenvalues, &work, &lwork, &integers, &liwork, &status)
    guard status == 0 else {
      throw .factorizationFailed(routine: "dsyevd", status: Int(status))
    }
    let vectors = [Double](capacity: count * order) { output in
      for index in (order - count..<order).reversed() {
        let vector = matrix[index * order..<(index + 1) * order]
        let sign: Double = vector.reduce(0, +) < 0 ? -1 : 1
        for value in vector { output.append(sign * value) }
      }
    }
    return (Array(eigenvalues.suffix(count).reversed()), vectors)
  }
}
