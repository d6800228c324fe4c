internal import BSTKFormat

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension OutputFile {
  /// Opens a file for this process alone, creating it when it is missing.
  ///
  /// The lock is advisory and dies with the process, so a killed fetch never blocks the next one.
  /// Where the file system has no locks the file is opened without: two fetches of one output write
  /// the same bytes to the same places, so nothing worse than double work can come of it.
  ///
  /// - Throws: `BUSY` when another process holds it, `IO` otherwise.
  package static func openExclusively(_ path: String) throws(BSTKError) -> OutputFile {
    while true {
      let file = try OutputFile(path, access: .create)
      while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
        if errno == EINTR { continue }
        if errno == EWOULDBLOCK {
          throw BSTKError(
            .busy, "another process is fetching to \(path)",
            remedy: "wait for it, or choose another output")
        }
        break
      }
      // The holder before us may have renamed the file to its final name between our open and our
      // lock; what we hold would then be the finished file.
      if try file.isStillAtItsPath() { return file }
    }
  }

  private func isStillAtItsPath() throws(BSTKError) -> Bool {
    var held = stat()
    var found = stat()
    // SAFETY: both are locals that outlive the calls.
    guard unsafe fstat(descriptor, &held) == 0 else {
      throw BSTKError.system("cannot examine \(path)")
    }
    guard unsafe lstat(path, &found) == 0 else { return false }
    return held.st_ino == found.st_ino && held.st_dev == found.st_dev
  }
}
