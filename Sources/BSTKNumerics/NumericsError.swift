/// Why a matrix, a block or an option was refused.
public enum NumericsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The dimensions are not positive, their product does not fit, or data has another length.
  case invalidShape(String)
  /// A value is NaN or infinite, or became so; the index is into the row-major matrix or vector.
  case notFinite(index: Int)
  /// Stored bytes have the wrong length.
  case wrongByteCount(expected: Int, actual: Int)
  /// The vectors of component `component` leave the range of the vector type at any balance.
  case vectorOverflow(component: Int)
  /// A value is negative, and the vector type holds no sign; the index is into the vector.
  case negativeValue(index: Int)
  /// Entry `index` of a sparse list is outside the matrix or not above the entry before.
  case invalidPosition(index: Int)
  /// A gain, factor or excess is not finite, or the values of the matrix could leave binary32.
  case scaleOutOfRange
  /// An option has no meaning: ranks below 1, no levels, a gain or scale that is not positive.
  case invalidOption(String)
  /// LAPACK reported failure `status` in `routine`.
  case factorizationFailed(routine: String, status: Int)
  /// OpenBLAS is not installed.
  case libraryMissing
  /// The caller asked to stop.
  case cancelled

  /// What is wrong, and what to do where that is known.
  public var description: String {
    switch self {
    case .invalidShape(let detail): "invalid matrix shape: \(detail)"
    case .notFinite(let index): "value \(index) is not finite; the matrix must hold numbers only"
    case .wrongByteCount(let expected, let actual):
      "\(actual) bytes where the shape and type need \(expected)"
    case .vectorOverflow(let component):
      "vector \(component) does not fit its storage type; choose bf16 or int8"
    case .negativeValue(let index):
      "value \(index) is negative, which log8 cannot hold; choose fp16, bf16 or int8"
    case .invalidPosition(let index):
      "entry \(index) of the sparse list is outside the matrix or out of order"
    case .scaleOutOfRange: "a scale is not finite, or values could reach 2^120"
    case .invalidOption(let detail): "invalid option: \(detail)"
    case .factorizationFailed(let routine, let status): "\(routine) failed with status \(status)"
    case .libraryMissing: "OpenBLAS, the library for linear algebra, is not installed"
    case .cancelled: "the calculation was cancelled"
    }
  }
}
