#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

extension FileSystem {
  /// Bytes that may still be written to the file system that holds `path` or will hold it.
  ///
  /// - Returns: nil where the system does not say, as network file systems and containers may.
  package static func freeByteCount(at path: String) -> UInt64? {
    var info = statvfs()
    // SAFETY: the path is a valid C string during the call, and `info` outlives it.
    guard unsafe statvfs(folder(of: path), &info) == 0, info.f_blocks > 0 else { return nil }
    // Some systems report the size of a block in the older field alone.
    let blockByteCount = UInt64(info.f_frsize > 0 ? info.f_frsize : info.f_bsize)
    let (product, overflow) = UInt64(info.f_bavail).multipliedReportingOverflow(by: blockByteCount)
    return overflow ? nil : product
  }
}
