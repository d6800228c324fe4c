/// The outliers of a matrix of nested planes, as level 0 stores them (Spec section "Nested planes"):
/// how many elements lie between one and the next, and what is added to each, byte by byte of equal
/// significance.
///
/// Gaps are small where positions are not, and bytes of one significance look alike, so that each
/// kind compresses by its own frequencies.
public struct SparseList: Hashable, Sendable {
  /// The numbers of the elements, row × columns + column; they ascend.
  public let positions: [UInt32]
  /// What is added to each, as binary16.
  public let excess: [UInt16]

  /// Makes a list.
  ///
  /// - Precondition: both have as many entries, and the positions ascend.
  public init(positions: [UInt32], excess: [UInt16]) {
    precondition(positions.count == excess.count, "every outlier has an excess")
    precondition(zip(positions, positions.dropFirst()).allSatisfy(<), "positions ascend")
    self.positions = positions
    self.excess = excess
  }

  /// The list in a payload.
  ///
  /// - Precondition: the payload has been validated against the layout.
  public init(in payload: Span<UInt8>, _ layout: FirstPlaneLayout) {
    let count = layout.outlierCount
    var next: UInt32 = 0
    positions = (0..<count).map { entry in
      let position = next + Self.number(entry, of: count, at: layout.gaps.lowerBound, in: payload)
      // The last position of all is below 2^30.
      next = position + 1
      return position
    }
    excess = (0..<count).map { entry in
      Self.number(entry, of: count, at: layout.excess.lowerBound, in: payload)
    }
  }

  /// The bytes between the gain and the padding: gaps, then excesses.
  public var bytes: [UInt8] {
    var gaps = positions
    for entry in positions.indices.dropFirst() {
      gaps[entry] = positions[entry] - positions[entry - 1] - 1
    }
    return Self.bytePlanes(gaps) + Self.bytePlanes(excess)
  }

  private static func bytePlanes(_ numbers: [some FixedWidthInteger]) -> [UInt8] {
    stride(from: 0, to: numbers.first.map { $0.bitWidth } ?? 0, by: 8).flatMap { shift in
      numbers.map { UInt8(truncatingIfNeeded: $0 >> shift) }
    }
  }

  /// Number `entry` of `count` whose byte planes begin at `start`.
  static func number<Number: FixedWidthInteger & UnsignedInteger>(
    _ entry: Int, of count: Int, at start: Int, in payload: Span<UInt8>
  ) -> Number {
    var number: Number = 0
    for plane in (0..<Number.bitWidth / 8).reversed() {
      number = number << 8 | Number(payload[start + plane * count + entry])
    }
    return number
  }
}
