internal import CKernels

/// The sparse list of a matrix of nested planes, as stored.
struct PackedExcess: Sendable {
  /// Element numbers, row · columns + column, ascending.
  private let positions: [UInt32]
  /// binary16, in the unit of u(row) · v(column).
  private let bits: [UInt16]

  /// Checks the list against the matrix; the errors are those of ``SparseExcess``.
  init(positions: [UInt32], bits: [UInt16], elementCount: Int) throws(NumericsError) {
    guard positions.count == bits.count else {
      throw .invalidShape("\(positions.count) positions for \(bits.count) entries")
    }
    for index in positions.indices {
      guard Int(positions[index]) < elementCount,
        index == 0 || positions[index - 1] < positions[index]
      else { throw .invalidPosition(index: index) }
      guard bits[index] & 0x7C00 != 0x7C00 else { throw .notFinite(index: index) }
    }
    self.positions = positions
    self.bits = bits
  }

  var byteCount: Int { 6 * positions.count }

  /// The largest absolute value.
  var peak: Float { value(bits.reduce(0) { max($0, $1 & 0x7FFF) }) }

  private func value(_ bits: UInt16) -> Float {
    var value: Float = 0
    // SAFETY: one value each.
    unsafe withUnsafePointer(to: bits) { unsafe bstk_f16_to_f32($0, &value, 1) }
    return value
  }

  /// Lends positions and values.
  func lend(_ body: (UnsafeBufferPointer<UInt32>, UnsafeBufferPointer<UInt16>) -> Void) {
    unsafe positions.withUnsafeBufferPointer { positions in
      unsafe bits.withUnsafeBufferPointer { bits in unsafe body(positions, bits) }
    }
  }
}
