internal import BSTKFormat

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A file being written under a temporary name beside its final one.
///
/// ``commit()`` gives it its name once every byte is on the disk; unless that is reached, nothing
/// stays behind.
struct OutputFile: ~Copyable {
  private let path: String
  private let temporaryPath: String
  private let descriptor: Int32
  private var isCommitted = false

  /// Creates the temporary file.
  ///
  /// - Throws: `IO` when it cannot be created.
  init(path: String) throws(BSTKError) {
    let temporaryPath = "\(path).tmp-\(getpid())"
    // O_EXCL and O_NOFOLLOW: what somebody else put there is neither followed nor overwritten.
    // SAFETY: the path is a NUL-terminated copy for the length of the call.
    let descriptor = unsafe open(
      temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .systemCall("create", path: temporaryPath) }
    self.path = path
    self.temporaryPath = temporaryPath
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
    guard !isCommitted else { return }
    // SAFETY: the path is a NUL-terminated copy for the length of the call.
    _ = unsafe unlink(temporaryPath)
  }

  /// Writes bytes behind those already written.
  ///
  /// - Throws: `IO`, for example when the disk is full.
  func append(_ bytes: Span<UInt8>) throws(BSTKError) {
    var done = 0
    let total = bytes.count
    while done < total {
      // SAFETY: at most `total - done` bytes are read, from byte `done` of the span on.
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe write(descriptor, buffer.baseAddress?.advanced(by: done), total - done)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .systemCall("write", path: path)
      }
      done += count
    }
  }

  /// Makes the bytes durable and gives the file its final name.
  ///
  /// - Throws: `IO` when the system refuses; the temporary file is removed.
  consuming func commit() throws(BSTKError) {
    guard fsync(descriptor) == 0 else { throw .systemCall("write", path: path) }
    // SAFETY: both paths are NUL-terminated copies for the length of the call.
    guard unsafe rename(temporaryPath, path) == 0 else { throw .systemCall("rename", path: path) }
    isCommitted = true
  }
}
