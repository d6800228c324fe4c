package import BSTKFormat

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// An open file that a fetch fills by position, shared by the threads that write, flush and read
/// it. It closes with the last reference.
package final class OutputFile: Sendable {
  private let handle: FileHandle

  /// The path it was opened at.
  package var path: String { handle.path }

  /// Opens a regular file.
  package init(_ path: String, _ access: FileHandle.Access) throws(BSTKError) {
    handle = try FileHandle(path, access)
  }

  /// Opens a file for this process alone, creating it when it is missing.
  ///
  /// The lock is advisory and dies with the process, so a killed fetch never blocks the next one.
  /// Where the file system has no locks the file is opened without: two fetches of one output write
  /// the same bytes to the same places, so nothing worse than double work can come of it.
  ///
  /// - Throws: `BUSY` when another process holds it, `IO` otherwise.
  package static func exclusive(_ path: String) throws(BSTKError) -> OutputFile {
    while true {
      let file = try OutputFile(path, .updateOrCreate)
      guard file.handle.tryLock() else {
        throw BSTKError(
          .busy, "another process is fetching to \(path)",
          remedy: "wait for it, or choose another output")
      }
      // The holder before us may have renamed the file to its final name between our open and our
      // lock; what we hold would then be the finished file.
      if file.isStillAtItsPath() { return file }
    }
  }

  private func isStillAtItsPath() -> Bool {
    var held = stat()
    var found = stat()
    // SAFETY: both are locals that outlive the calls, which fill them.
    guard unsafe fstat(handle.descriptor, &held) == 0, unsafe stat(path, &found) == 0 else {
      return false
    }
    return held.st_ino == found.st_ino && held.st_dev == found.st_dev
  }

  /// The file's length in bytes.
  package func byteCount() throws(BSTKError) -> Int {
    Int(clamping: try handle.byteCount())
  }

  /// Writes all bytes at a position.
  package func write(_ bytes: Span<UInt8>, at offset: Int) throws(BSTKError) {
    do throws(BSTKError) {
      try handle.write(bytes, at: UInt64(offset))
    } catch {
      throw BSTKError(.io, error.message, offset: UInt64(offset), remedy: error.remedy)
    }
  }

  /// Fills `buffer` from a position; returns fewer bytes only where the file ends.
  package func read(
    at offset: Int, into buffer: inout MutableSpan<UInt8>
  ) throws(BSTKError) -> Int {
    try handle.read(at: UInt64(offset), into: &buffer)
  }

  /// Reads up to `count` bytes at a position; fewer only where the file ends.
  package func bytes(at offset: Int, count: Int) throws(BSTKError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    let done = try handle.read(at: UInt64(offset), into: &span)
    if done < count { bytes.removeSubrange(done...) }
    return bytes
  }

  /// Sets the file's length.
  package func truncate(to byteCount: Int) throws(BSTKError) {
    try handle.truncate(to: UInt64(byteCount))
  }

  /// Waits until everything written is on stable storage.
  package func synchronize() throws(BSTKError) {
    try handle.synchronize()
  }

  /// Copies a range of another file to the same place in this one.
  package func copy(_ range: Range<Int>, from other: OutputFile) throws(BSTKError) {
    var position = range.lowerBound
    while position < range.upperBound {
      let part = try other.bytes(at: position, count: min(1 << 20, range.upperBound - position))
      if part.isEmpty { throw BSTKError(.io, "\(other.path) ended at byte \(position)") }
      try write(part.span, at: position)
      position += part.count
    }
  }
}
