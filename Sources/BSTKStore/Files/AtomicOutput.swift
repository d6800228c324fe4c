public import BSTKFormat

/// A file that appears under its final name only when it is whole: written as a hidden sibling,
/// synced, renamed. Unless ``commit()`` succeeds, going away removes every trace.
public struct AtomicOutput: ~Copyable {
  /// The final name.
  public let path: String
  private let temporaryPath: String
  private let handle: FileHandle
  /// Bytes appended so far.
  public private(set) var byteCount: UInt64 = 0

  /// Starts a file beside its final name.
  ///
  /// - Throws: `IO` when the folder cannot be written to.
  public init(_ path: String) throws(BSTKError) {
    self.path = path
    temporaryPath = FileSystem.temporarySibling(of: path)
    handle = try FileHandle(temporaryPath, .createNew)
  }

  deinit {
    // The temporary name is gone after a commit; otherwise nothing better than trying is possible.
    try? FileSystem.remove(temporaryPath)
  }

  /// Appends bytes.
  public mutating func append(_ bytes: Span<UInt8>) throws(BSTKError) {
    try handle.write(bytes, at: byteCount)
    byteCount += UInt64(bytes.count)
  }

  /// Appends zeros up to `offset`.
  ///
  /// - Precondition: `offset` is at or behind what was appended, by less than an alignment.
  mutating func pad(to offset: UInt64) throws(BSTKError) {
    let zeros = [UInt8](repeating: 0, count: Int(offset - byteCount))
    try append(zeros.span)
  }

  /// Publishes the file under its final name, replacing what was there.
  public consuming func commit() throws(BSTKError) {
    try handle.synchronize()
    try FileSystem.rename(temporaryPath, to: path)
  }
}
