/// How magnitude vectors are stored. All stored integers are little-endian.
public enum VectorType: Sendable, Hashable, CaseIterable {
  /// IEEE binary16, row-major.
  case fp16
  /// bfloat16, row-major.
  case bf16
  /// One binary32 scale per component, then the int8 values row-major; value = scale · integer.
  case int8
  /// One binary32 scale per component, then a byte b per value, row-major; value =
  /// scale · 2^(−b/16), 0 where b = 255. Encodes values of at least 0.
  case log8

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
    case .int8, .log8: return 4 * rank + count
    }
  }

  /// The values as stored bytes, each rounded to the nearest the type can hold.
  ///
  /// - Parameters:
  ///   - values: the factor, row-major, `rank` · `length` values.
  ///   - axis: whether components are its columns (U) or its rows (V^T).
  /// - Throws: `notFinite` for NaN or infinite values, `vectorOverflow` beyond the type's range,
  ///   `negativeValue` for a value the type has no sign for.
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
    case .log8:
      return try Log8Vectors.encode(
        values, rank: rank, length: length, axis: axis, byteCount: byteCount)
    case .fp16:
      var words = [UInt16](repeating: 0, count: values.count)
      var target = words.mutableSpan
      HalfFloats.narrow(values, fp16: &target)
      if let index = words.firstIndex(where: { $0 & 0x7FFF == 0x7C00 }) {
        throw .vectorOverflow(component: axis.component(of: index, rank: rank, length: length))
      }
      return Self.bytes(of: words)
    case .bf16:
      var words = [UInt16](repeating: 0, count: values.count)
      var target = words.mutableSpan
      HalfFloats.narrow(values, bf16: &target)
      if let index = words.firstIndex(where: { $0 & 0x7FFF == 0x7F80 }) {
        throw .vectorOverflow(component: axis.component(of: index, rank: rank, length: length))
      }
      return Self.bytes(of: words)
    }
  }

  /// Decodes stored bytes into `values`, row-major.
  ///
  /// Infinite and NaN values that the bytes may hold are passed on; ``SignBlock`` and
  /// ``NestedPlaneMatrix`` refuse them.
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
    case .log8: Log8Vectors.decode(bytes, rank: rank, length: length, axis: axis, into: &values)
    case .fp16: HalfFloats.widen(fp16: Self.words(of: bytes).span, into: &values)
    case .bf16: HalfFloats.widen(bf16: Self.words(of: bytes).span, into: &values)
    }
  }

  private static func bytes(of words: [UInt16]) -> [UInt8] {
    [UInt8](capacity: 2 * words.count) { output in
      for word in words {
        output.append(UInt8(truncatingIfNeeded: word))
        output.append(UInt8(truncatingIfNeeded: word >> 8))
      }
    }
  }

  private static func words(of bytes: Span<UInt8>) -> [UInt16] {
    [UInt16](capacity: bytes.count / 2) { output in
      for index in 0..<bytes.count / 2 {
        output.append(UInt16(bytes[2 * index]) | UInt16(bytes[2 * index + 1]) << 8)
      }
    }
  }
}
