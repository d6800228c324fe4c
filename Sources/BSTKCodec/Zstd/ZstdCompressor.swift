internal import BSTKFormat
internal import CZstd

/// A reusable zstd compression context (RFC 8878).
@safe struct ZstdCompressor: ~Copyable {
  private let context: OpaquePointer

  /// - Throws: `FAILURE` when libzstd cannot allocate a context.
  init() throws(BSTKError) {
    // SAFETY: the context is owned by this value alone and freed once, in deinit.
    guard let context = unsafe ZSTD_createCCtx() else { throw .outOfMemory }
    unsafe self.context = context
  }

  // SAFETY: a ~Copyable value ends once, and nothing else holds the context.
  deinit { unsafe _ = ZSTD_freeCCtx(context) }

  private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws(BSTKError) {
    // SAFETY: the context is alive; the call stores a number in it.
    let code = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
    guard ZSTD_isError(code) == 0 else { throw .zstd(code) }
  }

  /// One frame of a single segment with its content size stated, or nil when it would not be
  /// shorter than `bytes`.
  func compress(_ bytes: Span<UInt8>, level: Int) throws(BSTKError) -> [UInt8]? {
    // One byte less than the input: libzstd then stops early instead of finishing a useless frame.
    let capacity = bytes.count - 1
    guard capacity > 0 else { return nil }
    // A frame that became too long is left unfinished, and then no parameter can be set.
    // SAFETY: the context is alive.
    unsafe _ = ZSTD_CCtx_reset(context, ZSTD_reset_session_only)
    try set(ZSTD_c_compressionLevel, Int32(clamping: level))
    // The window holds every chunk whole. A frame that states its size is then a single segment.
    try set(ZSTD_c_windowLog, Int32(Limits.chunkByteCount.trailingZeroBitCount))
    var code = 0
    let frame = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
      // SAFETY: both buffers are used only during the call, with their true lengths; `count` is
      // what libzstd reports to have written.
      code = unsafe bytes.withUnsafeBytes { source in
        unsafe ZSTD_compress2(
          context, target.baseAddress, capacity, source.baseAddress, source.count)
      }
      count = ZSTD_isError(code) != 0 ? 0 : code
    }
    if ZSTD_isError(code) != 0 {
      if ZSTD_getErrorCode(code) == ZSTD_error_dstSize_tooSmall { return nil }
      throw .zstd(code)
    }
    return frame
  }
}
