internal import CKernels

/// Room for the inputs of a product with bits: as floats, and rounded.
enum RoundedInputs {
  /// Lends room for `count` vectors of `columns` inputs rounded, and for `kept` of them as floats.
  ///
  /// - Parameter body: Gets the floats, vector after vector, and a description of each vector's rounded
  ///   values, not yet calculated.
  static func lend(
    count: Int, keeping kept: Int, columns: Int,
    _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<bstk_inputs>) -> Void
  ) {
    let chunkColumns = Int(BSTK_CHUNK_COLUMNS), scaleCount = Int(BSTK_CHUNK_SCALES)
    let chunks = (columns + chunkColumns - 1) / chunkColumns
    unsafe withUnsafeTemporaryAllocation(
      of: Float.self, capacity: kept * columns + count * chunks * scaleCount
    ) { floats in
      unsafe withUnsafeTemporaryAllocation(
        of: Int8.self, capacity: count * chunks * chunkColumns
      ) { bytes in
        unsafe withUnsafeTemporaryAllocation(of: bstk_inputs.self, capacity: count) { rounded in
          guard let floats = floats.baseAddress, let bytes = bytes.baseAddress,
            let first = rounded.baseAddress
          else { return }
          let scales = unsafe floats + kept * columns
          for index in 0..<count {
            var inputs = unsafe bstk_inputs()
            // SAFETY: each vector has room of its own.
            unsafe inputs.values = bytes + index * chunks * chunkColumns
            unsafe inputs.scales = scales + index * chunks * scaleCount
            unsafe rounded.initializeElement(at: index, to: inputs)
          }
          unsafe body(floats, first)
        }
      }
    }
  }
}
