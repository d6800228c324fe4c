internal import BSTKFormat

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Running system calls: interrupted ones again, failed ones into errors that name the file.
enum SystemCall {
  /// The error for `errno` after `action` on `path`.
  static func failure(_ action: String, _ path: String) -> BSTKError {
    let number = errno
    // SAFETY: strerror returns a valid C string for every number; it is copied at once.
    let reason = unsafe String(cString: strerror(number))
    let message = "cannot \(action) \(path): \(reason)"
    switch number {
    case ENOENT: return BSTKError(.io, message, remedy: "check the path")
    case EACCES, EPERM, EROFS: return BSTKError(.io, message, remedy: "check the permissions")
    case ENOSPC, EDQUOT:
      return BSTKError(.io, message, remedy: "free some space and run the command again")
    default: return BSTKError(.io, message)
    }
  }

  /// Runs a call that returns -1 on failure, again while it is interrupted.
  static func run<Value: SignedInteger>(
    _ action: String, _ path: String, _ call: () -> Value
  ) throws(BSTKError) -> Value {
    while true {
      let value = call()
      if value >= 0 { return value }
      if errno != EINTR { throw failure(action, path) }
    }
  }
}
