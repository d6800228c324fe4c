/// How the magnitude vectors U and V^T of a block are stored (Spec registry "Vector types").
public enum VectorType: UInt8, Hashable, Sendable, CaseIterable {
  /// IEEE 754 binary16, as the reference implementation stores them.
  case f16 = 1
  /// bfloat16.
  case bf16 = 2
  /// One binary32 scale per rank component, then signed bytes: value = scale × byte.
  case i8 = 3

  /// Bytes of one stored element.
  public var elementByteCount: Int { self == .i8 ? 1 : 2 }

  /// Bytes of `rank` vectors of `length` elements, scales included, without padding.
  ///
  /// - Precondition: both numbers are within ``Limits``.
  public func byteCount(length: Int, rank: Int) -> Int {
    length * rank * elementByteCount + (self == .i8 ? 4 * rank : 0)
  }

  /// The name that command lines and tables use.
  public var name: String {
    switch self {
    case .f16: "fp16"
    case .bf16: "bf16"
    case .i8: "int8"
    }
  }
}
