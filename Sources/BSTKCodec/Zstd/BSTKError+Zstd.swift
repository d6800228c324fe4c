internal import BSTKFormat
internal import CZstd

extension BSTKError {
  /// The machine has not enough memory, which says nothing about any file.
  static var outOfMemory: BSTKError {
    BSTKError(.failure, "zstd could not allocate memory", remedy: "close other programs")
  }

  /// What libzstd failed with while it compressed.
  static func zstd(_ code: Int) -> BSTKError {
    if ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation { return .outOfMemory }
    return BSTKError(.failure, "zstd: \(zstdName(of: code))")
  }

  static func zstdName(of code: Int) -> String {
    // SAFETY: libzstd names every error with a constant string, which is copied at once.
    unsafe String(cString: ZSTD_getErrorName(code))
  }
}
