internal import BSTKFormat
internal import BSTKNumerics

/// Conversion between stored elements, which are little-endian, and fp32.
enum FloatConversion {
  /// Decodes elements of a floating-point type into `floats`, from `start` on.
  ///
  /// - Precondition: `bytes` holds whole elements, and `floats` has room for them.
  static func decode(
    _ bytes: Span<UInt8>, type: ElementType, into floats: inout MutableSpan<Float>, at start: Int
  ) {
    let width = type.byteCount
    let count = bytes.count / width
    precondition(bytes.count % width == 0 && count <= floats.count - start, "sizes must match")
    switch type {
    case .f16, .bf16:
      let halves = [UInt16](capacity: count) { output in
        for index in 0..<count {
          output.append(UInt16(bytes[2 * index]) | UInt16(bytes[2 * index + 1]) << 8)
        }
      }
      var values = [Float](repeating: 0, count: count)
      var target = values.mutableSpan
      if type == .f16 {
        HalfFloats.widen(fp16: halves.span, into: &target)
      } else {
        HalfFloats.widen(bf16: halves.span, into: &target)
      }
      for index in 0..<count { floats[start + index] = values[index] }
    case .f32:
      for index in 0..<count {
        floats[start + index] = Float(bitPattern: UInt32(word(bytes, at: 4 * index, width: 4)))
      }
    case .f64:
      for index in 0..<count {
        floats[start + index] = Float(Double(bitPattern: word(bytes, at: 8 * index, width: 8)))
      }
    default:
      preconditionFailure("\(type) is not floating point")
    }
  }

  /// Encodes fp32 as fp32, fp16 or bf16, rounding to nearest even.
  static func encode(_ floats: Span<Float>, as type: ElementType) -> [UInt8] {
    switch type {
    case .f16, .bf16:
      var halves = [UInt16](repeating: 0, count: floats.count)
      var target = halves.mutableSpan
      if type == .f16 {
        HalfFloats.narrow(floats, fp16: &target)
      } else {
        HalfFloats.narrow(floats, bf16: &target)
      }
      return [UInt8](capacity: 2 * floats.count) { output in
        for half in halves {
          output.append(UInt8(truncatingIfNeeded: half))
          output.append(UInt8(truncatingIfNeeded: half >> 8))
        }
      }
    case .f32:
      return [UInt8](capacity: 4 * floats.count) { output in
        for index in floats.indices {
          let bits = floats[index].bitPattern
          for byte in 0..<4 { output.append(UInt8(truncatingIfNeeded: bits >> UInt32(8 * byte))) }
        }
      }
    default:
      preconditionFailure("\(type) is no type to encode to")
    }
  }

  private static func word(_ bytes: Span<UInt8>, at start: Int, width: Int) -> UInt64 {
    var bits: UInt64 = 0
    for byte in 0..<width { bits |= UInt64(bytes[start + byte]) << (8 * UInt64(byte)) }
    return bits
  }
}
