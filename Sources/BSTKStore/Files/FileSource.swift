public import BSTKFormat

/// A file read with `pread`: the safe choice for files that may change or that nobody vouches for.
public final class FileSource: ByteSource {
  /// The open file.
  let handle: FileHandle

  /// Opens a regular file to read.
  public convenience init(_ path: String) throws(BSTKError) {
    try self.init(path, .read)
  }

  /// Opens a regular file.
  init(_ path: String, _ access: FileHandle.Access) throws(BSTKError) {
    handle = try FileHandle(path, access)
  }

  /// The file's length now.
  public func byteCount() throws(BSTKError) -> UInt64 { try handle.byteCount() }

  /// Reads into a buffer and lends it.
  public func withBytes<Result>(
    at offset: UInt64, count: Int, _ body: (Span<UInt8>) throws(BSTKError) -> Result
  ) throws(BSTKError) -> Result {
    let total = try handle.byteCount()
    guard offset <= total, UInt64(count) <= total - offset else {
      throw .endOfSource(at: offset, count: count, byteCount: total)
    }
    var buffer = [UInt8](repeating: 0, count: count)
    var span = buffer.mutableSpan
    let done = try handle.read(at: offset, into: &span)
    guard done == count else {
      throw .endOfSource(at: offset, count: count, byteCount: offset + UInt64(done))
    }
    return try body(buffer.span)
  }
}
