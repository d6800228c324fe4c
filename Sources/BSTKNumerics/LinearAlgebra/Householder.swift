internal import COpenBLAS

enum Householder {
  /// Replaces `count` vectors of `length` values, one after the other, by an orthonormal set
  /// that spans them; dependent ones by arbitrary others.
  ///
  /// - Precondition: `count` ≤ `length`.
  static func orthonormalize(
    _ vectors: inout [Float], count: Int, length: Int
  ) throws(NumericsError) {
    try BLAS.load()
    precondition(count <= length && vectors.count == count * length)
    var (m, n) = (Int32(length), Int32(count))
    var reflectors = [Float](repeating: 0, count: count)
    let workCount = 64 * max(1, count)
    var work = [Float](repeating: 0, count: workCount)
    var lwork = Int32(workCount)
    var status: Int32 = 0
    // SAFETY: the arrays have the lengths LAPACK documents for a length × count matrix.
    unsafe bstk_sgeqrf(&m, &n, &vectors, &m, &reflectors, &work, &lwork, &status)
    if status == 0 {
      var reflectorCount = n
      // SAFETY: as above, with as many reflectors as vectors.
      unsafe bstk_sorgqr(
        &m, &n, &reflectorCount, &vectors, &m, &reflectors, &work, &lwork, &status)
    }
    guard status == 0 else {
      throw .factorizationFailed(routine: "sgeqrf", status: Int(status))
    }
  }
}
