/// How far an export has come.
public struct ExportProgress: Hashable, Sendable {
  /// The tensor that is about to be written.
  public let name: String
  /// Its number, from 0.
  public let index: Int
  /// All tensors.
  public let count: Int
  /// Bytes of tensors written.
  public let doneByteCount: Int
  /// Bytes of all tensors as they will be written.
  public let totalByteCount: Int

  package init(name: String, index: Int, count: Int, doneByteCount: Int, totalByteCount: Int) {
    self.name = name
    self.index = index
    self.count = count
    self.doneByteCount = doneByteCount
    self.totalByteCount = totalByteCount
  }
}
