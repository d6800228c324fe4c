internal import CKernels

/// Products of a large matrix with a narrow block of vectors, both ways in one reading of it.
///
/// Blocks are element-major: one row of `width` values, a multiple of 16, for each vector element.
struct MatrixSweep {
  let rows: Int
  let columns: Int

  /// The matrix is cut into this many ranges of rows at most, whatever the number of threads, so
  /// that sums are always added in the same order.
  private static let partCount = 16

  /// Returns Y = A · X, and A^T · Y if `returning` (else an empty array).
  ///
  /// - Parameter block: X, columns × width.
  func callAsFunction(
    _ matrix: Span<Float>, block: [Float], width: Int, returning: Bool
  ) -> (images: [Float], back: [Float]) {
    precondition(matrix.count == rows * columns && block.count == columns * width)
    precondition(width % 16 == 0)
    let partRows = ((rows + Self.partCount - 1) / Self.partCount + 15) / 16 * 16
    let parts = (rows + partRows - 1) / partRows
    let backCount = columns * width
    var images = [Float](repeating: 0, count: rows * width)
    var backs = [Float](repeating: 0, count: returning ? parts * backCount : 0)
    let (rows, columns) = (rows, columns)
    unsafe matrix.withUnsafeBufferPointer { matrix in
      unsafe block.withUnsafeBufferPointer { block in
        unsafe images.withUnsafeMutableBufferPointer { images in
          unsafe backs.withUnsafeMutableBufferPointer { backs in
            // SAFETY: every part writes its own rows of the images and its own back block; what
            // they read does not change meanwhile.
            nonisolated(unsafe) let source = unsafe matrix
            nonisolated(unsafe) let back = unsafe backs
            nonisolated(unsafe) let input = unsafe block
            nonisolated(unsafe) let output = unsafe images
            Parallel.forEach(parts) { part in
              guard let a = unsafe source.baseAddress, let x = unsafe input.baseAddress,
                let y = unsafe output.baseAddress
              else { return }
              let first = part * partRows
              let z = unsafe returning ? back.baseAddress.map { unsafe $0 + part * backCount } : nil
              // SAFETY: rows first ..< first + partRows, cut at the last row.
              unsafe bstk_sweep(
                a + first * columns, columns, min(partRows, rows - first), columns, x,
                y + first * width, z, width)
            }
          }
        }
      }
    }
    guard returning else { return (images, []) }
    for part in 1..<max(1, parts) {
      for index in 0..<backCount { backs[index] += backs[part * backCount + index] }
    }
    backs.removeLast((parts - 1) * backCount)
    return (images, backs)
  }
}
