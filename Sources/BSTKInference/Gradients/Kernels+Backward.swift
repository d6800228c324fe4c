internal import CKernels

extension Kernels {
  /// Adds to `gradient` the gradient by `x` of its RMSNorm, given that by the norm's output; all
  /// rows × `weight.count`.
  static func rmsNormBackward(
    _ x: Span<Float>, weight: Span<Float>, epsilon: Float, outGradient: Span<Float>,
    addingTo gradient: inout MutableSpan<Float>
  ) {
    let width = weight.count
    precondition(width > 0 && x.count % width == 0)
    precondition(outGradient.count == x.count && gradient.count == x.count)
    unsafe x.withUnsafeBufferPointer { x in
      unsafe weight.withUnsafeBufferPointer { weight in
        unsafe outGradient.withUnsafeBufferPointer { outGradient in
          unsafe gradient.withUnsafeMutableBufferPointer { gradient in
            guard let x0 = x.baseAddress, let w0 = weight.baseAddress,
              let o0 = outGradient.baseAddress, let g0 = gradient.baseAddress
            else { return }
            // SAFETY: all but the weight hold rows × width elements, the weight width.
            unsafe bstk_rms_norm_backward(x0, w0, o0, g0, x.count / width, width, epsilon)
          }
        }
      }
    }
  }

  /// ``splitHeads(_:heads:width:angles:into:outStride:)`` with rotation, backwards: head-major
  /// gradients, `tokens` × `width` each, to token-major ones.
  static func mergeHeadsBackward(
    _ gradient: Span<Float>, heads: Int, tokens: Int, angles: RotaryAngles,
    into out: inout MutableSpan<Float>
  ) {
    let half = angles.half
    precondition(gradient.count >= heads * tokens * 2 * half)
    precondition(out.count >= heads * tokens * 2 * half)
    precondition(angles.cosines.count >= tokens * half)
    precondition(angles.sines.count == angles.cosines.count)
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe out.withUnsafeMutableBufferPointer { out in
        unsafe angles.cosines.span.withUnsafeBufferPointer { cosines in
          unsafe angles.sines.span.withUnsafeBufferPointer { sines in
            guard let g0 = gradient.baseAddress, let o0 = out.baseAddress,
              let c0 = cosines.baseAddress, let s0 = sines.baseAddress
            else { return }
            // SAFETY: the preconditions cover tokens × heads × 2 half elements on both sides, and
            // tokens × half of the tables.
            unsafe bstk_rope_merge(g0, c0, s0, o0, tokens, heads, half, tokens * 2 * half)
          }
        }
      }
    }
  }

  /// The gradient by scaled scores, rows × `columns`, in place of that by their softmax `p`.
  static func softmaxBackward(
    _ p: Span<Float>, columns: Int, scale: Float, gradient: inout MutableSpan<Float>
  ) {
    precondition(columns > 0 && p.count % columns == 0 && gradient.count == p.count)
    unsafe p.withUnsafeBufferPointer { p in
      unsafe gradient.withUnsafeMutableBufferPointer { gradient in
        guard let p0 = p.baseAddress, let g0 = gradient.baseAddress else { return }
        // SAFETY: both hold rows × columns elements.
        unsafe bstk_softmax_backward(p0, g0, p.count / columns, columns, scale)
      }
    }
  }

  /// The gradients by `gate` and `up` in their place, given that by silu(gate) · up.
  static func siluMultiplyBackward(
    _ gate: inout MutableSpan<Float>, _ up: inout MutableSpan<Float>, outGradient: Span<Float>
  ) {
    precondition(gate.count == up.count && outGradient.count == up.count)
    unsafe gate.withUnsafeMutableBufferPointer { gate in
      unsafe up.withUnsafeMutableBufferPointer { up in
        unsafe outGradient.withUnsafeBufferPointer { outGradient in
          guard let g0 = gate.baseAddress, let u0 = up.baseAddress,
            let o0 = outGradient.baseAddress
          else { return }
          // SAFETY: all three hold gate.count elements.
          unsafe bstk_silu_multiply_backward(g0, u0, o0, gate.count)
        }
      }
    }
  }

  /// x ← softmax(x).
  static func softmax(_ x: inout MutableSpan<Float>) {
    unsafe x.withUnsafeMutableBufferPointer { x in
      guard let x0 = x.baseAddress, !x.isEmpty else { return }
      // SAFETY: x0 covers x.count elements, at least one.
      unsafe bstk_softmax(x0, x.count)
    }
  }

  /// The index that a uniform number in 0 ..< 1 draws from the distribution `p`.
  static func draw(_ uniform: Double, from p: Span<Float>) -> Int {
    precondition(!p.isEmpty)
    return unsafe p.withUnsafeBufferPointer { p in
      guard let p0 = p.baseAddress else { return 0 }
      // SAFETY: p0 covers p.count elements, at least one.
      return unsafe bstk_draw(p0, p.count, uniform)
    }
  }

  /// sums[i] += p[i] (1 − p[i]); returns the sum of what was added.
  static func addVariances(_ p: Span<Float>, to sums: inout [Double]) -> Double {
    precondition(p.count == sums.count)
    return unsafe p.withUnsafeBufferPointer { p in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        guard let p0 = p.baseAddress, let s0 = sums.baseAddress else { return 0 }
        // SAFETY: both cover p.count elements.
        return unsafe bstk_add_variances(p0, s0, p.count)
      }
    }
  }

  /// sums[i] += x[i]², in double precision.
  package static func addSquares(_ x: Span<Float>, to sums: inout [Double]) {
    precondition(x.count == sums.count)
    // SAFETY: both pointers cover `count` elements and are used only during the call.
    unsafe x.withUnsafeBufferPointer { x in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        guard let from = x.baseAddress, let to = sums.baseAddress else { return }
        unsafe bstk_add_squares(from, to, x.count)
      }
    }
  }

  /// The sum of squares, in double precision.
  package static func sumOfSquares(_ x: Span<Float>) -> Double {
    unsafe x.withUnsafeBufferPointer { x in
      guard let x0 = x.baseAddress else { return 0 }
      // SAFETY: x0 covers x.count elements.
      return unsafe bstk_sum_of_squares(x0, x.count)
    }
  }

  /// Multiplies each row of `x`, of which there are as many as factors, by its factor.
  package static func scaleRows(_ x: inout [Float], by factors: [Float]) {
    precondition(!factors.isEmpty && x.count % factors.count == 0)
    let width = x.count / factors.count
    unsafe x.withUnsafeMutableBufferPointer { x in
      guard let x0 = x.baseAddress else { return }
      for (row, factor) in factors.enumerated() {
        // SAFETY: row row of x, which has factors.count rows of width elements.
        unsafe bstk_scale(x0 + row * width, factor, width)
      }
    }
  }
}
