/// What a client can afford (Spec section "Budgets"); the tightest bound decides.
public struct Budget: Hashable, Sendable {
  /// Bytes of the file, which are the bytes on the wire: header and index included.
  public var fileByteCount: UInt64?
  /// Resident bytes of the weights as stored in memory: decoded dense tensors and packed blocks.
  public var residentByteCount: UInt64?
  /// Blocks of matrices, level 0 included.
  public var blockCount: Int?

  /// Makes a budget; without bounds it takes the whole file.
  public init(
    fileByteCount: UInt64? = nil, residentByteCount: UInt64? = nil, blockCount: Int? = nil
  ) {
    self.fileByteCount = fileByteCount
    self.residentByteCount = residentByteCount
    self.blockCount = blockCount
  }

  /// No bound at all.
  public static let unlimited = Budget()
}
