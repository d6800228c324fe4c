internal import BSTKFormat

/// Conversion between stored elements and fp32.
enum FloatConversion {
  /// Decodes little-endian elements of a floating-point type into `floats`, from `start` on.
  ///
  /// - Precondition: `bytes` holds whole elements, and `floats` has room for them.
  static func decode(
    _ bytes: Span<UInt8>, type: ElementType, into floats: inout MutableSpan<Float>, at start: Int
  ) {
    let width = type.byteCount
    let count = bytes.count / width
    precondition(bytes.count % width == 0 && count <= floats.count - start, "sizes must match")
    for index in 0..<count {
      var bits: UInt64 = 0
      for byte in 0..<width {
        bits |= UInt64(bytes[width * index + byte]) << (8 * UInt64(byte))
      }
      floats[start + index] = value(bits, type: type)
    }
  }

  private static func value(_ bits: UInt64, type: ElementType) -> Float {
    switch type {
    case .bf16: Float(bitPattern: UInt32(bits) << 16)
    case .f16: Float(Float16(bitPattern: UInt16(bits)))
    case .f32: Float(bitPattern: UInt32(bits))
    case .f64: Float(Double(bitPattern: bits))
    default: preconditionFailure("\(type) is not floating point")
    }
  }
}
