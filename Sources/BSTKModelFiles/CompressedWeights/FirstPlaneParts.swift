internal import BSTKFormat
internal import BSTKNumerics

/// The parts of level 0 of a matrix of nested planes, as they are stored.
struct FirstPlaneParts {
  let plane: [UInt8]
  let u: [UInt8]
  let v: [UInt8]
  let vectors: BSTKFormat.VectorType
  let factor: Float
  let gain: Float
  let positions: [UInt32]
  let excess: [UInt16]

  /// Takes a payload apart.
  ///
  /// - Precondition: it has been validated against the layout.
  init(_ payload: [UInt8], _ layout: FirstPlaneLayout) {
    plane = Array(payload[..<layout.plane.byteCount])
    u = Array(payload[layout.u.bytes])
    v = Array(payload[layout.v.bytes])
    vectors = layout.vectors
    factor = payload.float(at: layout.factor)
    gain = payload.float(at: layout.gain)
    positions = stride(from: layout.positions.lowerBound, to: layout.positions.upperBound, by: 4)
      .map { payload.integer(at: $0) }
    excess = stride(from: layout.excess.lowerBound, to: layout.excess.upperBound, by: 2)
      .map { payload.integer(at: $0) }
  }
}

extension [UInt8] {
  /// The binary32 at an offset of a payload.
  func float(at offset: Int) -> Float { Float(bitPattern: integer(at: offset)) }

  /// The little-endian integer at an offset of a payload.
  func integer<Value: FixedWidthInteger & UnsignedInteger>(at offset: Int) -> Value {
    var value: Value = 0
    for byte in (0..<Value.bitWidth / 8).reversed() {
      value = value << 8 | Value(self[offset + byte])
    }
    return value
  }
}
