/// Where the vectors U or V^T of a block lie in its payload, and what they may hold: per rank
/// component a scale if the type has any, then the elements.
public struct VectorLayout: Hashable, Sendable {
  /// In which order the elements of the components stand.
  public enum Order: Hashable, Sendable {
    /// U: element by element, the components of one row of the matrix side by side.
    case interleaved
    /// V^T: component by component.
    case consecutive
  }

  /// How the elements are stored.
  public let type: VectorType
  /// Elements of one component.
  public let length: Int
  /// Components.
  public let rank: Int
  /// Which component an element belongs to.
  public let order: Order
  /// The bytes in the payload, scales included, padding not.
  public let bytes: Range<Int>

  init(_ type: VectorType, length: Int, rank: Int, order: Order, at start: Int) {
    self.type = type
    self.length = length
    self.rank = rank
    self.order = order
    bytes = start..<(start + type.byteCount(length: length, rank: rank))
  }

  /// The bytes of the scales; empty for types that have none.
  public var scales: Range<Int> {
    bytes.lowerBound..<(bytes.lowerBound + rank * type.scaleByteCount)
  }

  /// The bytes of the elements.
  public var elements: Range<Int> { scales.upperBound..<bytes.upperBound }

  /// The largest magnitude that each component has, or for types with scales can have.
  ///
  /// - Throws: `FLOAT` at the first element or scale that is infinite or no number.
  func largestMagnitudes(in payload: PayloadReader) throws(BSTKError) -> [Double] {
    switch type {
    case .f16:
      try largestHalves(in: payload, infinity: 0x7C00) { Self.magnitude(f16: $0) }
    case .bf16:
      try largestHalves(in: payload, infinity: 0x7F80) {
        Double(Float(bitPattern: UInt32($0) << 16))
      }
    case .i8: try scaleMagnitudes(in: payload, times: 128)
    case .log8: try scaleMagnitudes(in: payload, times: 1)
    }
  }

  /// Numbers of 16 bits order like their magnitudes when the sign is taken off.
  private func largestHalves(
    in payload: PayloadReader, infinity: UInt16, value: (UInt16) -> Double
  ) throws(BSTKError) -> [Double] {
    var largest = [UInt16](repeating: 0, count: rank)
    for element in 0..<(length * rank) {
      let at = bytes.lowerBound + 2 * element
      let magnitude = payload.u16(at: at) & 0x7FFF
      guard magnitude < infinity else { throw payload.notFinite(at: at) }
      let component =
        switch order {
        case .interleaved: element % rank
        case .consecutive: element / length
        }
      largest[component] = max(largest[component], magnitude)
    }
    return largest.map(value)
  }

  private func scaleMagnitudes(
    in payload: PayloadReader, times factor: Double
  ) throws(BSTKError) -> [Double] {
    var magnitudes: [Double] = []
    for component in 0..<rank {
      let scale = try payload.finite(at: bytes.lowerBound + 4 * component)
      magnitudes.append(factor * Double(scale.magnitude))
    }
    return magnitudes
  }

  /// The value of a finite binary16 without its sign; not every system has the type.
  static func magnitude(f16 bits: UInt16) -> Double {
    let exponent = Int(bits >> 10)
    let fraction = Double(bits & 0x3FF)
    return exponent == 0
      ? fraction * 0x1p-24
      : (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
  }
}
