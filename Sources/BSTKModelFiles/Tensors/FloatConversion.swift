package import BSTKFormat
internal import BSTKNumerics

/// Conversion between stored elements, which are little-endian like every machine Swift runs on
/// with this package's libraries, and fp32.
package enum FloatConversion {
  /// Decodes elements of a floating-point type into `floats`, from `start` on.
  ///
  /// - Precondition: `bytes` holds whole elements, and `floats` has room for them.
  package static func decode(
    _ bytes: Span<UInt8>, type: ElementType, into floats: inout MutableSpan<Float>, at start: Int
  ) {
    let width = type.byteCount
    let count = bytes.count / width
    precondition(
      bytes.count % width == 0 && start >= 0 && count <= floats.count - start, "sizes must match")
    switch type {
    case .f16, .bf16:
      let halves: [UInt16] = elements(bytes, count: count)
      var target = floats._mutatingExtracting(start..<(start + count))
      if type == .f16 {
        HalfFloats.widen(fp16: halves.span, into: &target)
      } else {
        HalfFloats.widen(bf16: halves.span, into: &target)
      }
    case .f32:
      unsafe bytes.withUnsafeBytes { source in
        unsafe floats.withUnsafeMutableBytes { target in
          // SAFETY: `source` has `4 * count` bytes, and the target that many behind `4 * start`.
          unsafe UnsafeMutableRawBufferPointer(rebasing: target[(4 * start)...])
            .copyMemory(from: source)
        }
      }
    case .f64:
      let doubles: [Double] = elements(bytes, count: count)
      for index in 0..<count { floats[start + index] = Float(doubles[index]) }
    default:
      preconditionFailure("\(type) is not floating point")
    }
  }

  /// Encodes fp32 as fp32, fp16 or bf16, rounding to nearest even.
  package static func encode(_ floats: Span<Float>, as type: ElementType) -> [UInt8] {
    switch type {
    case .f16, .bf16:
      var halves = [UInt16](repeating: 0, count: floats.count)
      var target = halves.mutableSpan
      if type == .f16 {
        HalfFloats.narrow(floats, fp16: &target)
      } else {
        HalfFloats.narrow(floats, bf16: &target)
      }
      return bytes(halves.span)
    case .f32:
      return bytes(floats)
    default:
      preconditionFailure("\(type) is no type to encode to")
    }
  }

  /// A copy of bytes as numbers of a type without invalid bit patterns.
  private static func elements<Element: BitwiseCopyable>(
    _ bytes: Span<UInt8>, count: Int
  ) -> [Element] {
    unsafe [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      unsafe bytes.withUnsafeBytes { source in
        // SAFETY: the capacity is `count` elements, whose bytes `source` holds exactly.
        unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
      }
      initializedCount = count
    }
  }

  private static func bytes<Element: BitwiseCopyable>(_ elements: Span<Element>) -> [UInt8] {
    unsafe elements.withUnsafeBytes { source in
      // SAFETY: the buffer is copied while the span is valid.
      unsafe [UInt8](source)
    }
  }
}
