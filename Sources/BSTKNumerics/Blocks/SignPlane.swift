internal import CKernels

/// The sign kernels, over spans.
enum SignPlane {
  /// Leaves the absolute values and writes the signs; returns the sum of squares.
  static func split(_ values: inout [Float], into signs: inout [UInt8]) -> Double {
    precondition(signs.count == (values.count + 7) / 8)
    // SAFETY: one bit of `signs` for each of the `count` values.
    return unsafe bstk_split_signs(&values, &signs, values.count)
  }

  /// Σ (value · weight)².
  static func weightedSquares(_ values: Span<Float>, weights: Span<Float>) -> Double {
    precondition(values.count == weights.count)
    return unsafe values.withUnsafeBufferPointer { values in
      unsafe weights.withUnsafeBufferPointer { weights in
        guard let first = values.baseAddress, let second = weights.baseAddress else { return 0 }
        // SAFETY: both hold `values.count` elements.
        return unsafe bstk_weighted_squares(first, second, values.count)
      }
    }
  }
}
