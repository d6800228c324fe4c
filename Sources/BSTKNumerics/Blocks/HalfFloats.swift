internal import CKernels

/// Conversions between 32-bit and 16-bit floating point, rounding to nearest even; NaNs stay NaNs.
///
/// 16-bit values are bit patterns, in the machine's byte order.
public enum HalfFloats {
  /// IEEE binary16 to binary32, exact.
  ///
  /// - Precondition: both spans have the same count, here and below.
  public static func widen(fp16 input: Span<UInt16>, into output: inout MutableSpan<Float>) {
    precondition(input.count == output.count, "spans differ in length")
    unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        guard let source = input.baseAddress, let target = output.baseAddress else { return }
        // SAFETY: both hold `input.count` elements.
        unsafe bstk_f16_to_f32(source, target, input.count)
      }
    }
  }

  /// bfloat16 to binary32, exact.
  public static func widen(bf16 input: Span<UInt16>, into output: inout MutableSpan<Float>) {
    precondition(input.count == output.count, "spans differ in length")
    unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        guard let source = input.baseAddress, let target = output.baseAddress else { return }
        // SAFETY: both hold `input.count` elements.
        unsafe bstk_bf16_to_f32(source, target, input.count)
      }
    }
  }

  /// binary32 to IEEE binary16; a magnitude of 65520 or more becomes infinite.
  public static func narrow(_ input: Span<Float>, fp16 output: inout MutableSpan<UInt16>) {
    precondition(input.count == output.count, "spans differ in length")
    unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        guard let source = input.baseAddress, let target = output.baseAddress else { return }
        // SAFETY: both hold `input.count` elements.
        unsafe bstk_f32_to_f16(source, target, input.count)
      }
    }
  }

  /// binary32 to bfloat16.
  public static func narrow(_ input: Span<Float>, bf16 output: inout MutableSpan<UInt16>) {
    precondition(input.count == output.count, "spans differ in length")
    unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        guard let source = input.baseAddress, let target = output.baseAddress else { return }
        // SAFETY: both hold `input.count` elements.
        unsafe bstk_f32_to_bf16(source, target, input.count)
      }
    }
  }
}
