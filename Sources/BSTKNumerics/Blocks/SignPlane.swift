internal import CKernels

/// The sign kernels, over spans.
enum SignPlane {
  /// Leaves the absolute values and writes the signs; returns the sum of squares.
  static func split(_ values: inout [Float], into signs: inout [UInt8]) -> Double {
    precondition(signs.count == (values.count + 7) / 8)
    // SAFETY: one bit of `signs` for each of the `count` values.
    return unsafe bstk_split_signs(&values, &signs, values.count)
  }

  /// R -= sign · magnitude on `elements` of a residual kept as absolute values and signs.
  ///
  /// - Precondition: the elements start a byte of signs, and there is a magnitude for each.
  /// - Returns: ‖R‖² over the elements.
  static func step(
    absolute: inout [Float], signs: inout [UInt8], elements: Range<Int>, magnitude: Span<Float>
  ) -> Double {
    precondition(elements.lowerBound >= 0 && elements.lowerBound % 8 == 0)
    precondition(elements.upperBound <= absolute.count && magnitude.count >= elements.count)
    precondition(signs.count == (absolute.count + 7) / 8)
    return unsafe absolute.withUnsafeMutableBufferPointer { absolute in
      unsafe signs.withUnsafeMutableBufferPointer { signs in
        unsafe magnitude.withUnsafeBufferPointer { magnitude in
          guard let absolute = absolute.baseAddress, let signs = signs.baseAddress,
            let magnitude = magnitude.baseAddress
          else { return 0 }
          let first = elements.lowerBound
          // SAFETY: the preconditions keep values, magnitudes and bits inside.
          return unsafe bstk_residual_step(
            absolute + first, signs + first / 8, magnitude, elements.count)
        }
      }
    }
  }

  /// out += sign · magnitude, the first sign being bit `first` of the plane.
  static func accumulate(
    _ magnitude: Span<Float>, signs: Span<UInt8>, first: Int, into out: inout MutableSpan<Float>
  ) {
    precondition(magnitude.count == out.count && first >= 0)
    precondition(out.count <= 8 * signs.count - first)
    unsafe magnitude.withUnsafeBufferPointer { magnitude in
      unsafe signs.withUnsafeBufferPointer { signs in
        unsafe out.withUnsafeMutableBufferPointer { out in
          guard let target = out.baseAddress, let magnitude = magnitude.baseAddress,
            let signs = signs.baseAddress
          else { return }
          // SAFETY: the preconditions keep values, magnitudes and bits inside.
          unsafe bstk_sign_accumulate(target, magnitude, signs, first, out.count)
        }
      }
    }
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
