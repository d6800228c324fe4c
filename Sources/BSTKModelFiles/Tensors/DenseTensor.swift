internal import BSTKFormat
internal import BSTKNumerics

/// A tensor that is stored as it is, as its bytes come: 16-bit elements stay as they are, wider ones
/// become fp32.
struct DenseTensor: Sendable {
  private enum Values: Sendable {
    case halves(HalfMatrix.Element, [UInt8])
    case floats([Float])
  }

  /// The largest memory that is taken before there is anything to put there.
  private static let reservedByteCount = 1 << 30

  private let type: ElementType
  private var values: Values

  /// A tensor without elements yet; nil where its elements are not floating point.
  ///
  /// - Parameter byteCount: The bytes it will have.
  init?(_ type: ElementType, byteCount: Int) {
    guard type.isFloatingPoint else { return nil }
    self.type = type
    switch type {
    case .f16, .bf16:
      var bytes: [UInt8] = []
      bytes.reserveCapacity(min(byteCount, Self.reservedByteCount))
      values = .halves(type == .f16 ? .fp16 : .bf16, bytes)
    default:
      var floats: [Float] = []
      floats.reserveCapacity(min(byteCount, Self.reservedByteCount) / type.byteCount)
      values = .floats(floats)
    }
  }

  /// Takes the next elements.
  mutating func append(_ bytes: [UInt8]) {
    switch values {
    case .halves(let element, var all):
      // While it grows there is one reference to it.
      values = .floats([])
      all += bytes
      values = .halves(element, all)
    case .floats(var all):
      values = .floats([])
      var floats = [Float](repeating: 0, count: bytes.count / type.byteCount)
      var span = floats.mutableSpan
      FloatConversion.decode(bytes.span, type: type, into: &span, at: 0)
      all += floats
      values = .floats(all)
    }
  }

  /// All elements as fp32.
  var floats: [Float] {
    switch values {
    case .floats(let floats): return floats
    case .halves(_, let bytes):
      var floats = [Float](repeating: 0, count: bytes.count / 2)
      var span = floats.mutableSpan
      FloatConversion.decode(bytes.span, type: type, into: &span, at: 0)
      return floats
    }
  }

  /// The elements as a matrix, which shares their memory.
  ///
  /// - Throws: `NUMERICS` when there are not as many as a matrix of that shape has.
  func matrix(rows: Int, columns: Int) throws(BSTKError) -> WeightMatrix {
    switch values {
    case .floats(let floats):
      guard floats.count == rows * columns else {
        throw BSTKError(.numerics, "\(floats.count) elements of a \(rows) × \(columns) matrix")
      }
      return WeightMatrix(rows: rows, columns: columns, floats: floats)
    case .halves(let element, let bytes):
      do throws(NumericsError) {
        return WeightMatrix([
          .halves(try HalfMatrix(rows: rows, columns: columns, element: element, bytes: bytes))
        ])
      } catch {
        throw BSTKError(.numerics, "\(error)")
      }
    }
  }
}
