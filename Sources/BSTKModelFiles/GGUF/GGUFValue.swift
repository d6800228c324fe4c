/// A value of a GGUF file's metadata, with the type it has in the file.
public enum GGUFValue: Hashable, Sendable {
  case uint8(UInt8)
  case int8(Int8)
  case uint16(UInt16)
  case int16(Int16)
  case uint32(UInt32)
  case int32(Int32)
  case float32(Float)
  case bool(Bool)
  case string(String)
  case uint64(UInt64)
  case int64(Int64)
  case float64(Double)
  /// A list of strings.
  case strings([String])
  /// A list of numbers or booleans: their type and their little-endian bytes.
  case numbers(GGUFValueType, [UInt8])
}

/// The types of metadata values, by the file's numbers.
public enum GGUFValueType: UInt32, Hashable, Sendable, CaseIterable {
  case uint8 = 0
  case int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// Bytes of a value; nil where it depends on the value.
  var byteCount: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }
}

extension GGUFValue {
  /// A whole number of any integer type, where it fits.
  public var integer: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(value)
    case .float32, .float64, .bool, .string, .strings, .numbers: nil
    }
  }

  /// A finite number, written with as few decimals as tell an fp32 from its neighbours.
  public var number: Double? {
    switch self {
    case .float32(let value): value.isFinite ? Double("\(value)") : nil
    case .float64(let value): value.isFinite ? value : nil
    default: integer.map(Double.init)
    }
  }

  /// A boolean.
  public var flag: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// A text.
  public var text: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// A list of texts.
  public var texts: [String]? {
    if case .strings(let values) = self { values } else { nil }
  }

  /// A list of 32-bit whole numbers.
  public var integers: [Int]? {
    guard case .numbers(let type, _) = self, let words else { return nil }
    switch type {
    case .int32: return words.map { Int(Int32(bitPattern: $0)) }
    case .uint32: return words.map { Int($0) }
    default: return nil
    }
  }

  /// A list of fp32 numbers.
  public var floats: [Float]? {
    guard case .numbers(.float32, _) = self else { return nil }
    return words?.map { Float(bitPattern: $0) }
  }

  /// The elements of a list of 32-bit values.
  private var words: [UInt32]? {
    guard case .numbers(let type, let bytes) = self, type.byteCount == 4 else { return nil }
    return stride(from: 0, to: bytes.count, by: 4).map { start in
      (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
    }
  }

  /// A list of whole numbers, as 32-bit ones.
  package static func integers(_ values: [Int32]) -> GGUFValue {
    .numbers(.int32, values.flatMap { bytes(UInt32(bitPattern: $0)) })
  }

  /// A list of fp32 numbers.
  package static func floats(_ values: [Float]) -> GGUFValue {
    .numbers(.float32, values.flatMap { bytes($0.bitPattern) })
  }

  private static func bytes(_ word: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
  }
}
