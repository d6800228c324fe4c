package import BSTKFormat
package import BSTKNumerics

extension SignBlock {
  /// The block as a `.bstk` file lays it out.
  package func payload(_ layout: BlockLayout) -> [UInt8] {
    precondition(
      signs.count == layout.signs.count && u.count == layout.u.count
        && vt.count == layout.vt.count, "the layout is another block's")
    return [UInt8](capacity: layout.byteCount) { output in
      for (part, range) in [(signs, layout.signs), (u, layout.u), (vt, layout.vt)] {
        while output.count < range.lowerBound { output.append(0) }
        for byte in part { output.append(byte) }
      }
      while output.count < layout.byteCount { output.append(0) }
    }
  }

  /// The block in a payload.
  ///
  /// - Precondition: `payload` has the layout's length.
  /// - Throws: never for a layout that exists; the two modules check on their own.
  init(payload: [UInt8], layout: BlockLayout) throws(NumericsError) {
    try self.init(
      rows: layout.rows, columns: layout.columns, rank: layout.rank,
      vectorType: BSTKNumerics.VectorType(layout.vectors), signs: Array(payload[layout.signs]),
      u: Array(payload[layout.u]), vt: Array(payload[layout.vt]))
  }
}

extension BSTKNumerics.VectorType {
  /// The same type in the numerics' terms.
  package init(_ type: BSTKFormat.VectorType) {
    switch type {
    case .f16: self = .fp16
    case .bf16: self = .bf16
    case .i8: self = .int8
    }
  }
}
