/// The bits of one level of a matrix of nested planes: every row begins on a byte of its own, most
/// significant bit first (Spec section "Nested planes").
public struct BitPlane: Hashable, Sendable {
  /// Output features.
  public let rows: Int
  /// Input features.
  public let columns: Int

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  /// Bytes of one row.
  public var rowByteCount: Int { columns.dividedRoundingUp(by: 8) }
  /// Bytes of the plane, which stand at the start of a payload.
  public var byteCount: Int { rows * rowByteCount }

  /// - Throws: `PADDING` when a bit behind the last one of a row is set.
  func requireUnusedBitsZero(in payload: PayloadReader) throws(BSTKError) {
    let usedBits = columns % 8
    guard usedBits != 0 else { return }
    let mask: UInt8 = 0xFF >> UInt8(usedBits)
    for row in 1...rows where payload[row * rowByteCount - 1] & mask != 0 {
      throw payload.fault(.padding, "the bits behind the last one of row \(row - 1) must be zero")
    }
  }
}
