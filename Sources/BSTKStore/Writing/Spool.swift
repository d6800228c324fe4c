internal import BSTKFormat

/// A temporary file of encoded chunks beside the output; gone when the value goes away.
struct Spool: ~Copyable {
  private let path: String
  private let handle: FileHandle
  private(set) var byteCount: UInt64 = 0

  init(beside output: String) throws(BSTKError) {
    path = FileSystem.temporarySibling(of: output, suffix: "spool")
    handle = try FileHandle(path, .createNew)
  }

  deinit { try? FileSystem.remove(path) }

  /// Appends bytes and returns where they begin.
  mutating func append(_ bytes: Span<UInt8>) throws(BSTKError) -> UInt64 {
    let offset = byteCount
    try handle.write(bytes, at: offset)
    byteCount += UInt64(bytes.count)
    return offset
  }

  func read(at offset: UInt64, count: Int) throws(BSTKError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    guard try handle.read(at: offset, into: &span) == count else {
      throw BSTKError(.io, "the spool \(path) was shortened by another process")
    }
    return bytes
  }
}
