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
  private var list = SparseList(positions: [], excess: [])

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
      list = SparseList(in: payload.span, layout)
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
    var values = [Float](repeating: 0, count: list.excess.count)
    var target = values.mutableSpan
    HalfFloats.widen(fp16: list.excess.span, into: &target)
    return try NestedPlaneMatrix(
      rows: record.rows, columns: record.columns,
      u: Self.decoded(u, type, length: record.rows, axis: .columns),
      v: Self.decoded(v, type, length: record.columns, axis: .rows), factor: factor, gain: gain,
      planes: planes,
      excess: SparseExcess(
        positions: list.positions, values: values, elementCount: record.elementCount))
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
    Float(
      bitPattern: payload[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
  }
}
