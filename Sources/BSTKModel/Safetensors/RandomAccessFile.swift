internal import BSTKFormat

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A regular file opened for reading at any offset.
///
/// Reads are `pread` into the caller's buffer and not a mapping: pages of a mapping count as the
/// process's memory, and a file truncated under a mapping ends the process.
final class RandomAccessFile: Sendable {
  /// The path the file was opened by.
  let path: String
  /// Its length when it was opened.
  let byteCount: Int
  private let descriptor: Int32

  /// Opens a file, following symbolic links.
  ///
  /// - Throws: `IO` when it cannot be opened or is not a regular file.
  init(path: String) throws(BSTKError) {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    // SAFETY: the path is a NUL-terminated copy for the length of the call.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .systemCall("open", path: path) }
    var status = stat()
    // SAFETY: `status` outlives the call.
    guard unsafe fstat(descriptor, &status) == 0 else {
      let error = BSTKError.systemCall("examine", path: path)
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw BSTKError(.io, "\(path) is not a regular file")
    }
    self.path = path
    self.byteCount = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Fills `buffer` with the bytes from `offset` on.
  ///
  /// - Throws: `IO` when the system refuses or the file ends first.
  func read(at offset: Int, into buffer: inout MutableSpan<UInt8>) throws(BSTKError) {
    var done = 0
    let total = buffer.count
    while done < total {
      // SAFETY: at most `total - done` bytes are written, from byte `done` of the buffer on.
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe pread(
          descriptor, bytes.baseAddress?.advanced(by: done), total - done, off_t(offset + done))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .systemCall("read", path: path)
      }
      guard count > 0 else {
        throw BSTKError(
          .io, "\(path) ended while it was read", offset: UInt64(offset + done),
          remedy: "make sure that nothing else writes to the file")
      }
      done += count
    }
  }

  /// The bytes in `range`.
  func read(_ range: Range<Int>) throws(BSTKError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var span = bytes.mutableSpan
    try read(at: range.lowerBound, into: &span)
    return bytes
  }
}
