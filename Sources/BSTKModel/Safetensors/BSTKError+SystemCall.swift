internal import BSTKFormat

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

extension BSTKError {
  /// The error of a system call that just failed, from `errno`.
  static func systemCall(_ verb: String, path: String) -> BSTKError {
    let number = errno
    // SAFETY: strerror returns a valid C string for every number; it is copied at once.
    let reason = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    return BSTKError(.io, "cannot \(verb) \(path): \(reason)")
  }
}
