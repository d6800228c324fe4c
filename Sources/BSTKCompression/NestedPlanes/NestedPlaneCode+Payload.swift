internal import BSTKFormat
internal import BSTKNumerics

extension NestedPlaneCode {
  /// Level `level` as a `.bstk` file lays it out.
  ///
  /// - Precondition: the layout is of a matrix of this shape and level.
  func payload(ofLevel level: Int, _ layout: ChunkLayout) -> [UInt8] {
    switch layout {
    case .firstPlane(let layout): firstPayload(layout)
    case .refinement(let layout):
      [UInt8](capacity: layout.byteCount) { output in
        for byte in planes[level] { output.append(byte) }
        Self.pad(&output, to: layout.gain)
        Self.append(gains[level].bitPattern, to: &output)
        Self.pad(&output, to: layout.byteCount)
      }
    case .file, .tensor, .ignorable, .signBlock:
      preconditionFailure("the layout is not one of nested planes")
    }
  }

  private func firstPayload(_ layout: FirstPlaneLayout) -> [UInt8] {
    precondition(
      planes[0].count == layout.plane.byteCount && u.count == layout.u.bytes.count
        && v.count == layout.v.bytes.count && outlierPositions.count == layout.outlierCount,
      "the layout is another matrix's")
    let list = SparseList(positions: outlierPositions, excess: outlierExcess)
    return [UInt8](capacity: layout.byteCount) { output in
      for (part, start) in [
        (planes[0], 0), (u, layout.u.bytes.lowerBound), (v, layout.v.bytes.lowerBound),
      ] {
        Self.pad(&output, to: start)
        for byte in part { output.append(byte) }
      }
      Self.pad(&output, to: layout.factor)
      Self.append(factor.bitPattern, to: &output)
      Self.append(gains[0].bitPattern, to: &output)
      for byte in list.bytes { output.append(byte) }
      Self.pad(&output, to: layout.byteCount)
    }
  }

  private static func pad(_ output: inout OutputSpan<UInt8>, to count: Int) {
    while output.count < count { output.append(0) }
  }

  private static func append(
    _ value: some FixedWidthInteger & UnsignedInteger, to output: inout OutputSpan<UInt8>
  ) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      output.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
