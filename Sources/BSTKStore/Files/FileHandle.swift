public import BSTKFormat

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// An open file, closed when the value goes away. Reads and writes name their offset, so one handle
/// serves several threads.
public struct FileHandle: ~Copyable, Sendable {
  /// What the file is opened for.
  public enum Access: Sendable {
    /// An existing file, to read.
    case read
    /// An existing file, to read and change.
    case update
    /// A file to read and change that is made when it is missing.
    case updateOrCreate
    /// A new file that must not exist yet.
    case createNew
  }

  /// The path it was opened with, for messages.
  public let path: String
  /// The descriptor, for calls this type does not offer; it stays owned by the handle.
  public let descriptor: Int32

  /// Opens a regular file.
  ///
  /// - Throws: `IO` when the system refuses or the path is not a regular file.
  public init(_ path: String, _ access: Access) throws(BSTKError) {
    // O_NONBLOCK keeps open() from waiting for the other end of a FIFO; regular files ignore it.
    var flags = O_CLOEXEC | O_NONBLOCK
    switch access {
    case .read: flags |= O_RDONLY
    case .update: flags |= O_RDWR
    case .updateOrCreate: flags |= O_RDWR | O_CREAT
    case .createNew: flags |= O_RDWR | O_CREAT | O_EXCL
    }
    let descriptor = try SystemCall.run("open", path) {
      // SAFETY: the path is a valid C string during the call.
      unsafe open(path, flags, 0o644)
    }
    do throws(BSTKError) {
      guard try Self.status(descriptor, path).isRegular else {
        throw BSTKError(.io, "\(path) is not a regular file", remedy: "name a file")
      }
    } catch {
      _ = close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
  }

  deinit {
    // Closing alone leaves the lock to a child process that was forked and has not yet called exec.
    _ = flock(descriptor, LOCK_UN)
    _ = close(descriptor)
  }

  private static func status(
    _ descriptor: Int32, _ path: String
  ) throws(BSTKError) -> (isRegular: Bool, byteCount: UInt64) {
    var info = stat()
    // SAFETY: `info` outlives the call, which fills it.
    _ = try SystemCall.run("examine", path) { unsafe fstat(descriptor, &info) }
    return (info.st_mode & S_IFMT == S_IFREG, UInt64(clamping: info.st_size))
  }

  /// The file's length now.
  public func byteCount() throws(BSTKError) -> UInt64 {
    try Self.status(descriptor, path).byteCount
  }

  /// Fills `buffer` from `offset` and returns the bytes read: fewer only at the end of the file.
  public func read(
    at offset: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(BSTKError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = try SystemCall.run("read", path) {
        // SAFETY: the pointer is valid for the call and stays within the buffer.
        unsafe buffer.withUnsafeMutableBytes { target in
          unsafe pread(
            descriptor, target.baseAddress?.advanced(by: done), target.count - done,
            off_t(offset) + off_t(done))
        }
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// The whole file, at most `limit` bytes.
  ///
  /// - Throws: `LIMIT` when it is longer, `IO`.
  public func allBytes(limit: UInt64 = 1 << 30) throws(BSTKError) -> [UInt8] {
    let byteCount = try byteCount()
    guard byteCount <= limit else {
      throw BSTKError(.limit, "\(path) has \(byteCount) bytes; the limit is \(limit)")
    }
    var bytes = [UInt8](repeating: 0, count: Int(byteCount))
    var span = bytes.mutableSpan
    guard try read(at: 0, into: &span) == bytes.count else {
      throw BSTKError(
        .io, "\(path) ended while it was read",
        remedy: "make sure that nothing else writes to the file")
    }
    return bytes
  }

  /// Writes all of `bytes` at `offset`.
  public func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(BSTKError) {
    var done = 0
    while done < bytes.count {
      done += try SystemCall.run("write", path) {
        // SAFETY: the pointer is valid for the call and stays within the span.
        unsafe bytes.withUnsafeBytes { source in
          unsafe pwrite(
            descriptor, source.baseAddress?.advanced(by: done), source.count - done,
            off_t(offset) + off_t(done))
        }
      }
    }
  }

  /// Cuts or extends the file to `byteCount` bytes.
  public func truncate(to byteCount: UInt64) throws(BSTKError) {
    _ = try SystemCall.run("resize", path) { ftruncate(descriptor, off_t(byteCount)) }
  }

  /// Waits until data and length are on stable storage.
  public func synchronize() throws(BSTKError) {
    #if canImport(Darwin)
      // fsync alone leaves the data in the drive's cache there.
      if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
    #endif
    _ = try SystemCall.run("synchronize", path) { fsync(descriptor) }
  }

  /// Tries to take the advisory lock of the open file; false when another process holds it.
  ///
  /// File systems without locks answer true: correctness comes from hashes, the lock only keeps
  /// two processes from doing the same work.
  public func tryLock() -> Bool {
    flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
  }

  /// Takes the advisory lock of the open file until the handle goes away.
  ///
  /// - Throws: `BUSY` when another process, or another handle of this one, holds it.
  public func lock() throws(BSTKError) {
    guard tryLock() else {
      throw BSTKError(
        .busy, "another process is changing \(path)", remedy: "wait for it to finish")
    }
  }
}
