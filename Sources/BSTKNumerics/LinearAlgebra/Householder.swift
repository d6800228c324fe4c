internal import COpenBLAS

enum Householder {
  /// Replaces `count` vectors of `length` values at `offset` by an orthonormal set spanning them.
  ///
  /// Dependent vectors are replaced by arbitrary ones orthogonal to the others.
  ///
  /// - Precondition: `count` ≤ `length`, and the vectors lie inside the array.
  static func orthonormalize(
    _ vectors: inout [Float], offset: Int, count: Int, length: Int
  ) throws(NumericsError) {
    precondition(count <= length && offset >= 0 && vectors.count - offset >= count * length)
    var (m, n) = (Int32(length), Int32(count))
    var reflectors = [Float](repeating: 0, count: count)
    let workCount = 64 * max(1, count)
    var work = [Float](repeating: 0, count: workCount)
    var lwork = Int32(workCount)
    var status: Int32 = 0
    unsafe vectors.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      // SAFETY: the precondition keeps the column-major length × count matrix inside the buffer.
      let matrix = unsafe base + offset
      unsafe sgeqrf_(&m, &n, matrix, &m, &reflectors, &work, &lwork, &status)
      if status == 0 {
        unsafe sorgqr_(&m, &n, &n, matrix, &m, &reflectors, &work, &lwork, &status)
      }
    }
    guard status == 0 else {
      throw .factorizationFailed(routine: "sgeqrf", status: Int(status))
    }
  }
}
