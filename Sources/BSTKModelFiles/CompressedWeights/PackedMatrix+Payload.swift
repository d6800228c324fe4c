package import BSTKFormat
package import BSTKNumerics

extension PackedMatrix {
  /// Takes the first level of a matrix out of its payload.
  ///
  /// - Precondition: the payload has been validated against the layout, which is that of a level 0.
  /// - Throws: never for a payload that passed; the two modules check on their own.
  package init(payload: [UInt8], _ layout: ChunkLayout) throws(NumericsError) {
    switch layout {
    case .signBlock(let layout):
      self = .signs(try PackedSigns(SignBlock(payload: payload, layout: layout)))
    case .firstPlane(let layout):
      let parts = FirstPlaneParts(payload, layout)
      self = .planes(
        try PackedPlanes(
          rows: layout.plane.rows, columns: layout.plane.columns, plane: parts.plane,
          vectorType: BSTKNumerics.VectorType(parts.vectors), u: parts.u, v: parts.v,
          factor: parts.factor, gain: parts.gain, positions: parts.outliers.positions,
          excess: parts.outliers.excess))
    case .refinement, .file, .tensor, .ignorable:
      preconditionFailure("no matrix begins with such a chunk")
    }
  }

  /// Takes the next level out of its payload, whose memory holds it from then on.
  ///
  /// - Precondition: the payload has been validated against the layout, which is that of the next
  ///   level of the same matrix.
  /// - Throws: never for a payload that passed.
  package mutating func append(
    payload: consuming [UInt8], _ layout: ChunkLayout
  ) throws(NumericsError) {
    switch layout {
    case .signBlock(let layout):
      try append(SignBlock(payload: payload, layout: layout))
    case .refinement(let layout):
      let gain = payload.float(at: layout.gain)
      payload.removeLast(payload.count - layout.plane.byteCount)
      try append(plane: payload, gain: gain)
    case .firstPlane, .file, .tensor, .ignorable:
      preconditionFailure("no matrix goes on with such a chunk")
    }
  }
}
