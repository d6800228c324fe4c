internal import BSTKFormat

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// An open file that a fetch writes to by position.
///
/// `pread` and `pwrite` keep no position of their own, so the writer queue and a reader may use one
/// file at once. The descriptor closes with the last reference.
package final class OutputFile: Sendable {
  /// How to open the file.
  package enum Access: Sendable {
    /// Read an existing file.
    case read
    /// Read and write an existing file.
    case update
    /// Read and write, creating the file when it is missing.
    case create
  }

  /// The path it was opened at.
  package let path: String
  let descriptor: Int32

  /// Opens a file.
  ///
  /// - Throws: `IO` with the system's words.
  package init(_ path: String, access: Access) throws(BSTKError) {
    let flags =
      switch access {
      case .read: O_RDONLY
      case .update: O_RDWR
      case .create: O_RDWR | O_CREAT
      }
    self.path = path
    descriptor = open(path, flags | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw BSTKError.system("cannot open \(path)") }
  }

  deinit {
    close(descriptor)
  }

  /// Whether something exists at a path.
  package static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  /// The file's length in bytes.
  package func byteCount() throws(BSTKError) -> Int {
    var status = stat()
    // SAFETY: `status` is a local that outlives the call.
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw BSTKError.system("cannot examine \(path)")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw BSTKError(.io, "\(path) is not an ordinary file")
    }
    return Int(status.st_size)
  }

  /// Writes all bytes at a position, however many calls that takes.
  package func write(_ bytes: Span<UInt8>, at offset: Int) throws(BSTKError) {
    var done = 0
    while done < bytes.count {
      // SAFETY: the pointer is used inside the closure only and `done < buffer.count`.
      let written = unsafe bytes.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress else { return 0 }
        return unsafe pwrite(
          descriptor, base + done, buffer.count - done, off_t(offset + done))
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw BSTKError.system("cannot write \(path)", offset: offset + done)
      }
      if written == 0 { throw BSTKError(.io, "cannot write \(path): no bytes were taken") }
      done += written
    }
  }

  /// Reads up to `count` bytes at a position; fewer only where the file ends.
  package func read(at offset: Int, count: Int) throws(BSTKError) -> [UInt8] {
    var failure = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        // SAFETY: reads at most the room that is left in `buffer`, whose base exists as count > 0.
        guard let base = buffer.baseAddress else { return }
        let taken = unsafe pread(
          descriptor, base + initialized, count - initialized, off_t(offset + initialized))
        if taken < 0 {
          if errno == EINTR { continue }
          failure = true
          return
        }
        if taken == 0 { return }
        initialized += taken
      }
    }
    if failure { throw BSTKError.system("cannot read \(path)", offset: offset) }
    return bytes
  }

  /// Sets the file's length.
  package func truncate(to byteCount: Int) throws(BSTKError) {
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
      throw BSTKError.system("cannot set the length of \(path)")
    }
  }

  /// Waits until everything written is on stable storage.
  package func synchronize() throws(BSTKError) {
    while fsync(descriptor) != 0 {
      if errno == EINTR { continue }
      // Pipes and some network file systems cannot sync; there is nothing better to do for them.
      if errno == EINVAL || errno == ENOTSUP { return }
      throw BSTKError.system("cannot flush \(path)")
    }
  }

  /// Copies a range of another file to the same place in this one.
  package func copy(_ range: Range<Int>, from other: OutputFile) throws(BSTKError) {
    var position = range.lowerBound
    while position < range.upperBound {
      let bytes = try other.read(at: position, count: min(1 << 20, range.upperBound - position))
      if bytes.isEmpty { throw BSTKError(.io, "\(other.path) ended at byte \(position)") }
      try write(bytes.span, at: position)
      position += bytes.count
    }
  }
}

extension OutputFile {
  /// Renames a file over another and waits until the folder remembers it.
  package static func rename(_ source: String, to target: String) throws(BSTKError) {
    guard unsafe sourceRename(source, target) == 0 else {
      throw BSTKError.system("cannot rename \(source) to \(target)")
    }
    try synchronizeFolder(of: target)
  }

  /// Removes a file; a missing one is fine.
  package static func remove(_ path: String) throws(BSTKError) {
    if unlink(path) != 0, errno != ENOENT { throw BSTKError.system("cannot remove \(path)") }
  }

  /// Flushes the folder a path lies in, so that a rename or removal survives a power loss.
  static func synchronizeFolder(of path: String) throws(BSTKError) {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) }
    let descriptor = open(folder ?? ".", O_RDONLY | O_CLOEXEC)
    // A folder that cannot be opened or flushed (some network file systems) is no failure: the
    // rename itself has happened.
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// `rename` of the C library; the method above hides its name.
private func sourceRename(_ source: String, _ target: String) -> Int32 {
  rename(source, target)
}

extension BSTKError {
  /// An `IO` error with the system's words for `errno`.
  static func system(_ what: String, offset: Int? = nil) -> BSTKError {
    let number = errno
    // SAFETY: strerror's string is copied before anything else can run on this thread.
    let words = unsafe String(cString: strerror(number))
    let remedy: String? =
      switch number {
      case ENOSPC, EDQUOT: "make room and run the same command again; it continues"
      case EACCES, EPERM, EROFS: "check the permissions, or choose another output"
      default: nil
      }
    return BSTKError(
      .io, "\(what): \(words)", offset: offset.map(UInt64.init), remedy: remedy)
  }
}
