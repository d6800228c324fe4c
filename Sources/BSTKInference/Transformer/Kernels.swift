internal import CKernels

/// The element-wise C kernels over spans, with every length checked.
package enum Kernels {
  /// out ← RMSNorm of each row of `x`, both rows × `weight.count`.
  static func rmsNorm(
    _ x: Span<Float>, weight: Span<Float>, epsilon: Float, into out: inout MutableSpan<Float>
  ) {
    let width = weight.count
    precondition(width > 0 && x.count % width == 0 && out.count >= x.count)
    unsafe x.withUnsafeBufferPointer { x in
      unsafe weight.withUnsafeBufferPointer { weight in
        unsafe out.withUnsafeMutableBufferPointer { out in
          guard let x0 = x.baseAddress, let w0 = weight.baseAddress, let o0 = out.baseAddress
          else { return }
          // SAFETY: x and out hold rows × width elements, weight holds width.
          unsafe bstk_rms_norm(x0, w0, o0, x.count / width, width, epsilon)
        }
      }
    }
  }

  /// Token-major rows to head-major ones, rotated where `angles` are given.
  ///
  /// `x` is tokens × (heads · width); head h lands at `out[h · outStride...]`.
  static func splitHeads(
    _ x: Span<Float>, heads: Int, width: Int, angles: RotaryAngles?,
    into out: inout MutableSpan<Float>, outStride: Int
  ) {
    precondition(heads > 0 && width > 0 && width % 2 == 0 && x.count % (heads * width) == 0)
    let tokens = x.count / (heads * width)
    precondition(outStride >= tokens * width)
    precondition((heads - 1) * outStride + tokens * width <= out.count)
    unsafe x.withUnsafeBufferPointer { x in
      unsafe out.withUnsafeMutableBufferPointer { out in
        guard let x0 = x.baseAddress, let o0 = out.baseAddress else { return }
        guard let angles else {
          // SAFETY: the preconditions cover tokens × heads × width elements on both sides.
          unsafe bstk_split_heads(x0, o0, tokens, heads, width, outStride)
          return
        }
        precondition(angles.half == width / 2 && angles.cosines.count >= tokens * angles.half)
        precondition(angles.sines.count == angles.cosines.count)
        unsafe angles.cosines.span.withUnsafeBufferPointer { cosines in
          unsafe angles.sines.span.withUnsafeBufferPointer { sines in
            guard let c0 = cosines.baseAddress, let s0 = sines.baseAddress else { return }
            // SAFETY: as above, and the tables hold tokens × half elements.
            unsafe bstk_rope_split(x0, c0, s0, o0, tokens, heads, width / 2, outStride)
          }
        }
      }
    }
  }

  /// Writes one head's rows, tokens × `width`, into columns `head · width...` of `out`.
  static func mergeHead(
    _ x: Span<Float>, head: Int, width: Int, into out: inout MutableSpan<Float>, outStride: Int
  ) {
    precondition(width > 0 && x.count % width == 0 && (head + 1) * width <= outStride)
    let tokens = x.count / width
    precondition(tokens * outStride <= out.count)
    unsafe x.withUnsafeBufferPointer { x in
      unsafe out.withUnsafeMutableBufferPointer { out in
        guard let x0 = x.baseAddress, let o0 = out.baseAddress else { return }
        // SAFETY: the last element written is in row tokens - 1, column (head + 1) · width - 1.
        unsafe bstk_merge_head(x0, o0, tokens, head, width, outStride)
      }
    }
  }

  /// Causal (and sliding, where `window` is given) softmax of `rows` × `columns` scores, in place.
  static func maskedSoftmax(
    _ scores: inout MutableSpan<Float>, rows: Int, columns: Int, firstQuery: Int, firstKey: Int,
    window: Int?, scale: Float
  ) {
    precondition(rows * columns <= scores.count && firstKey <= firstQuery)
    unsafe scores.withUnsafeMutableBufferPointer { scores in
      guard let s0 = scores.baseAddress else { return }
      // SAFETY: scores holds rows × columns elements; every query sees at least its own key.
      unsafe bstk_masked_softmax(s0, rows, columns, firstQuery, firstKey, window ?? 0, scale)
    }
  }

  /// gate ← silu(gate) · up.
  static func siluMultiply(_ gate: inout MutableSpan<Float>, _ up: Span<Float>) {
    precondition(gate.count == up.count)
    unsafe gate.withUnsafeMutableBufferPointer { gate in
      unsafe up.withUnsafeBufferPointer { up in
        guard let g0 = gate.baseAddress, let u0 = up.baseAddress else { return }
        // SAFETY: both hold gate.count elements.
        unsafe bstk_silu_multiply(g0, u0, gate.count)
      }
    }
  }

  /// x ← x + y.
  static func add(_ y: Span<Float>, to x: inout MutableSpan<Float>) {
    precondition(x.count == y.count)
    unsafe x.withUnsafeMutableBufferPointer { x in
      unsafe y.withUnsafeBufferPointer { y in
        guard let x0 = x.baseAddress, let y0 = y.baseAddress else { return }
        // SAFETY: both hold x.count elements.
        unsafe bstk_add(x0, y0, x.count)
      }
    }
  }

  /// Adds `bias` to each row of `x`.
  static func addBias(_ bias: Span<Float>, to x: inout MutableSpan<Float>) {
    let width = bias.count
    precondition(width > 0 && x.count % width == 0)
    unsafe x.withUnsafeMutableBufferPointer { x in
      unsafe bias.withUnsafeBufferPointer { bias in
        guard let x0 = x.baseAddress, let b0 = bias.baseAddress else { return }
        // SAFETY: x holds rows × width elements, bias width.
        unsafe bstk_add_bias(x0, b0, x.count / width, width)
      }
    }
  }

  /// ln softmax(logits)[target], summed in double precision.
  static func logProbability(_ logits: Span<Float>, of target: Int) -> Double {
    precondition(target >= 0 && target < logits.count)
    return unsafe logits.withUnsafeBufferPointer { logits in
      guard let l0 = logits.baseAddress else { return -.infinity }
      // SAFETY: l0 covers logits.count elements and target is among them.
      return unsafe bstk_log_probability(l0, logits.count, target)
    }
  }
}
