/// How the magnitude vectors U and V^T of a block are stored (Spec registry "Vector types").
public enum VectorType: UInt8, Hashable, Sendable, CaseIterable {
  /// IEEE 754 binary16, as the reference implementation stores them.
  case f16 = 1
  /// bfloat16.
  case bf16 = 2
  /// One binary32 scale per rank component, then signed bytes: value = scale × byte.
  case i8 = 3
  /// One binary32 scale per rank component, then unsigned bytes: value = scale × 2^(−byte/16), and
  /// 255 means 0.
  case log8 = 4

  /// Bytes of one stored element.
  public var elementByteCount: Int {
    switch self {
    case .f16, .bf16: 2
    case .i8, .log8: 1
    }
  }

  /// Bytes of the scale of one rank component, which stands before the elements; 0 without scales.
  public var scaleByteCount: Int {
    switch self {
    case .f16, .bf16: 0
    case .i8, .log8: 4
    }
  }

  /// Bytes of `rank` vectors of `length` elements, scales included, without padding.
  ///
  /// - Precondition: both numbers are within ``Limits``.
  public func byteCount(length: Int, rank: Int) -> Int {
    (length * elementByteCount + scaleByteCount) * rank
  }

  /// The name that command lines and tables use.
  public var name: String {
    switch self {
    case .f16: "fp16"
    case .bf16: "bf16"
    case .i8: "int8"
    case .log8: "log8"
    }
  }
}
