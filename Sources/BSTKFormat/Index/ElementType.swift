/// How the elements of a dense tensor are stored (Spec registry "Element types").
///
/// The values below 32 are plain little-endian elements. 32 to 127 are set aside for encodings
/// with scales per row or group; version 1.0 defines none.
public enum ElementType: UInt8, Hashable, Sendable, CaseIterable {
  /// IEEE 754 binary32.
  case f32 = 1
  /// IEEE 754 binary16.
  case f16 = 2
  /// bfloat16: the upper half of a binary32.
  case bf16 = 3
  /// IEEE 754 binary64.
  case f64 = 4
  /// Signed 8-bit integer.
  case i8 = 5
  /// Signed 16-bit integer.
  case i16 = 6
  /// Signed 32-bit integer.
  case i32 = 7
  /// Signed 64-bit integer.
  case i64 = 8
  /// Unsigned 8-bit integer.
  case u8 = 9
  /// Unsigned 16-bit integer.
  case u16 = 10
  /// Unsigned 32-bit integer.
  case u32 = 11
  /// Unsigned 64-bit integer.
  case u64 = 12
  /// A byte that is 0 or 1.
  case bool = 13

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .i8, .u8, .bool: 1
    case .f16, .bf16, .i16, .u16: 2
    case .f32, .i32, .u32: 4
    case .f64, .i64, .u64: 8
    }
  }

  /// The name safetensors files use.
  public var name: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .bf16: "BF16"
    case .f64: "F64"
    case .i8: "I8"
    case .i16: "I16"
    case .i32: "I32"
    case .i64: "I64"
    case .u8: "U8"
    case .u16: "U16"
    case .u32: "U32"
    case .u64: "U64"
    case .bool: "BOOL"
    }
  }

  /// Whether the elements are floating point.
  public var isFloatingPoint: Bool {
    switch self {
    case .f16, .bf16, .f32, .f64: true
    case .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .bool: false
    }
  }

  /// The types a matrix may have had before it was decomposed.
  public var isMatrixSource: Bool {
    switch self {
    case .f32, .f16, .bf16: true
    case .f64, .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .bool: false
    }
  }
}
