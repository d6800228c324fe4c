internal import BSTKFormat
internal import BSTKNumerics

/// The levels of a matrix of nested planes as they are decoded, one payload after the other.
struct NestedPlaneParts {
  private var planes: [[UInt8]] = []
  private var u: [UInt8] = []
  private var v: [UInt8] = []
  private var vectors = BSTKFormat.VectorType.f16
  private var factor: Float = 0
  private var gain: Float = 0
  private var positions: [UInt32] = []
  private var excess: [UInt16] = []

  /// Takes the next level.
  ///
  /// - Precondition: the payload has been validated against the layout, which is one of nested planes.
  mutating func append(_ payload: [UInt8], _ layout: ChunkLayout) {
    switch layout {
    case .firstPlane(let layout):
      planes = [Array(payload[..<layout.plane.byteCount])]
      u = Array(payload[layout.u.bytes])
      v = Array(payload[layout.v.bytes])
      vectors = layout.vectors
      factor = Self.float(payload, at: layout.factor)
      gain = Self.float(payload, at: layout.gain)
      positions = stride(from: layout.positions.lowerBound, to: layout.positions.upperBound, by: 4)
        .map { Self.integer(payload, at: $0) }
      excess = stride(from: layout.excess.lowerBound, to: layout.excess.upperBound, by: 2)
        .map { Self.integer(payload, at: $0) }
    case .refinement(let layout):
      planes.append(Array(payload[..<layout.plane.byteCount]))
      gain = Self.float(payload, at: layout.gain)
    case .file, .tensor, .ignorable, .signBlock:
      preconditionFailure("a matrix of nested planes has no other chunks")
    }
  }

  /// The matrix of the levels so far.
  func matrix(_ record: MatrixRecord) throws(NumericsError) -> NestedPlaneMatrix {
    let type = BSTKNumerics.VectorType(vectors)
    var values = [Float](repeating: 0, count: excess.count)
    var target = values.mutableSpan
    HalfFloats.widen(fp16: excess.span, into: &target)
    return try NestedPlaneMatrix(
      rows: record.rows, columns: record.columns,
      u: Self.decoded(u, type, length: record.rows, axis: .columns),
      v: Self.decoded(v, type, length: record.columns, axis: .rows), factor: factor, gain: gain,
      planes: planes,
      excess: SparseExcess(
        positions: positions, values: values, elementCount: record.elementCount))
  }

  private static func decoded(
    _ bytes: [UInt8], _ type: BSTKNumerics.VectorType, length: Int, axis: ComponentAxis
  ) throws(NumericsError) -> [Float] {
    var values = [Float](repeating: 0, count: length)
    var target = values.mutableSpan
    try type.decode(bytes.span, rank: 1, length: length, axis: axis, into: &target)
    return values
  }

  private static func float(_ payload: [UInt8], at offset: Int) -> Float {
    Float(bitPattern: integer(payload, at: offset))
  }

  private static func integer<Value: FixedWidthInteger & UnsignedInteger>(
    _ payload: [UInt8], at offset: Int
  ) -> Value {
    var value: Value = 0
    for byte in (0..<Value.bitWidth / 8).reversed() {
      value = value << 8 | Value(payload[offset + byte])
    }
    return value
  }
}
