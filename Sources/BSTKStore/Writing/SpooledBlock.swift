/// A block that waits in the spool for its place in the stack.
public struct SpooledBlock: Hashable, Sendable {
  /// The handle of its matrix, from
  /// ``ModelWriter/addMatrix(name:sourceType:firstRow:rows:columns:kind:baseLevelCount:outlierCount:)``.
  public let matrix: Int
  /// Its level.
  public let level: Int
  /// Its bytes in the file.
  public let storedByteCount: Int
  /// Its worth, as it was given.
  public let worth: Float?

  /// Describes a block.
  public init(matrix: Int, level: Int, storedByteCount: Int, worth: Float?) {
    self.matrix = matrix
    self.level = level
    self.storedByteCount = storedByteCount
    self.worth = worth
  }
}
