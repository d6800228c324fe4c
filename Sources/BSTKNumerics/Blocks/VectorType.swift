/// How the magnitude vectors of a sign block are stored. All stored integers are little-endian.
public enum VectorType: Sendable, Hashable, CaseIterable {
  /// IEEE binary16, row-major.
  case fp16
  /// bfloat16, row-major.
  case bf16
  /// One binary32 scale per component, then the int8 values row-major; value = scale · integer.
  case int8

  /// The bytes that `rank` components of `length` values take.
  ///
  /// - Throws: ``NumericsError/invalidShape(_:)`` when the count does not fit an `Int`.
  public func byteCount(rank: Int, length: Int) throws(NumericsError) -> Int {
    guard rank >= 0, length >= 0 else {
      throw .invalidShape("\(rank) components of \(length) values")
    }
    let (count, overflow) = rank.multipliedReportingOverflow(by: length)
    // Leaves room for two bytes a value and for the scales below.
    guard !overflow, count < Int.max / 8, rank < Int.max / 16 else {
      throw .invalidShape("\(rank) components of \(length) values are too many")
    }
    switch self {
    case .fp16, .bf16: return 2 * count
    case .int8: return 4 * rank + count
    }
  }

  /// The values as stored bytes, each rounded to the nearest the type can hold.
  ///
  /// - Parameters:
  ///   - values: the factor, row-major, `rank` · `length` values.
  ///   - axis: whether components are its columns (U) or its rows (V^T).
  /// - Throws: `notFinite` for NaN or infinite values, `vectorOverflow` beyond the type's range.
  public func encode(
    _ values: Span<Float>, rank: Int, length: Int, axis: ComponentAxis
  ) throws(NumericsError) -> [UInt8] {
    let byteCount = try byteCount(rank: rank, length: length)
    guard values.count == rank * length else {
      throw .invalidShape("\(values.count) values for \(rank) components of \(length)")
    }
    for index in values.indices where !values[index].isFinite {
      throw .notFinite(index: index)
    }
    switch self {
    case .int8:
      return Int8Vectors.encode(
        values, rank: rank, length: length, axis: axis, byteCount: byteCount)
    case .fp16, .bf16:
      var narrow = [UInt16](repeating: 0, count: values.count)
      var target = narrow.mutableSpan
      if self == .fp16 {
        HalfFloats.narrow(values, fp16: &target)
      } else {
        HalfFloats.narrow(values, bf16: &target)
      }
      let infinity: UInt16 = self == .fp16 ? 0x7C00 : 0x7F80
      if let index = narrow.firstIndex(where: { $0 & 0x7FFF == infinity }) {
        throw .vectorOverflow(component: axis == .columns ? index % rank : index / length)
      }
      return [UInt8](capacity: byteCount) { output in
        for word in narrow {
          output.append(UInt8(truncatingIfNeeded: word))
          output.append(UInt8(truncatingIfNeeded: word >> 8))
        }
      }
    }
  }

  /// Decodes stored bytes into `values`, row-major.
  ///
  /// Infinite and NaN values that the bytes may hold are passed on; ``SignBlock`` refuses them.
  ///
  /// - Precondition: `values` has `rank` · `length` elements.
  /// - Throws: `wrongByteCount` when the bytes do not have the length the shape needs.
  public func decode(
    _ bytes: Span<UInt8>, rank: Int, length: Int, axis: ComponentAxis,
    into values: inout MutableSpan<Float>
  ) throws(NumericsError) {
    let expected = try byteCount(rank: rank, length: length)
    guard bytes.count == expected else {
      throw .wrongByteCount(expected: expected, actual: bytes.count)
    }
    precondition(values.count == rank * length, "the output does not have the factor's shape")
    switch self {
    case .int8: Int8Vectors.decode(bytes, rank: rank, length: length, axis: axis, into: &values)
    case .fp16, .bf16:
      let narrow = [UInt16](capacity: values.count) { output in
        for index in 0..<values.count {
          output.append(UInt16(bytes[2 * index]) | UInt16(bytes[2 * index + 1]) << 8)
        }
      }
      if self == .fp16 {
        HalfFloats.widen(fp16: narrow.span, into: &values)
      } else {
        HalfFloats.widen(bf16: narrow.span, into: &values)
      }
    }
  }
}
