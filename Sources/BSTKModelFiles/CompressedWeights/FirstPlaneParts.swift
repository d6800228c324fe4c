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
  let outliers: SparseList

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
    outliers = SparseList(in: payload.span, layout)
  }
}

extension [UInt8] {
  /// The binary32 at an offset of a payload.
  func float(at offset: Int) -> Float {
    var bits: UInt32 = 0
    for byte in (0..<4).reversed() { bits = bits << 8 | UInt32(self[offset + byte]) }
    return Float(bitPattern: bits)
  }
}
