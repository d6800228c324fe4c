internal import BSTKFormat
internal import CZstd

/// A reusable zstd compression context (RFC 8878).
@safe struct ZstdCompressor: ~Copyable {
  private let context: OpaquePointer
  private let level: Int32

  /// - Throws: `CODEC` when libzstd cannot allocate a context.
  init(level: Int) throws(BSTKError) {
    // SAFETY: the context is owned by this value alone and freed once, in deinit.
    guard let context = unsafe ZSTD_createCCtx() else {
      throw BSTKError(.codec, "zstd could not allocate a context")
    }
    unsafe self.context = context
    self.level = Int32(clamping: level)
  }

  // SAFETY: a ~Copyable value ends once, and nothing else holds the context.
  deinit { unsafe _ = ZSTD_freeCCtx(context) }

  /// One frame with its content size stated, or nil when it would not be shorter than `bytes`.
  func compress(_ bytes: Span<UInt8>) throws(BSTKError) -> [UInt8]? {
    // One byte less than the input: libzstd then stops early instead of finishing a useless frame.
    let capacity = bytes.count - 1
    guard capacity > 0 else { return nil }
    var code = 0
    let frame = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
      // SAFETY: both buffers are used only during the call, with their true lengths; `count` is
      // what libzstd reports to have written.
      code = unsafe bytes.withUnsafeBytes { source in
        unsafe ZSTD_compressCCtx(
          context, target.baseAddress, capacity, source.baseAddress, source.count, level)
      }
      count = ZSTD_isError(code) != 0 ? 0 : code
    }
    if ZSTD_isError(code) != 0 {
      if ZSTD_getErrorCode(code) == ZSTD_error_dstSize_tooSmall { return nil }
      // SAFETY: libzstd names every error with a constant string, which is copied at once.
      throw BSTKError(
        .codec, unsafe "zstd: \(String(cString: ZSTD_getErrorName(code)))")
    }
    return frame
  }
}
