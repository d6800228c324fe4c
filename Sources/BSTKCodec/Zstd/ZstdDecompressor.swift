internal import BSTKFormat
internal import CZstd

/// A reusable zstd decompression context (RFC 8878).
@safe struct ZstdDecompressor: ~Copyable {
  private let context: OpaquePointer

  /// - Throws: `FAILURE` when libzstd cannot allocate a context.
  init() throws(BSTKError) {
    // SAFETY: the context is owned by this value alone and freed once, in deinit.
    guard let context = unsafe ZSTD_createDCtx() else { throw .outOfMemory }
    unsafe self.context = context
  }

  // SAFETY: a ~Copyable value ends once, and nothing else holds the context.
  deinit { unsafe _ = ZSTD_freeDCtx(context) }

  /// Decodes exactly one frame of the profile that fills `output` exactly.
  ///
  /// - Returns: What is wrong with the frame, or nil.
  /// - Throws: `FAILURE` when libzstd has not enough memory.
  func decompress(
    _ frame: Span<UInt8>, into output: inout MutableSpan<UInt8>
  ) throws(BSTKError) -> String? {
    if let fault = ZstdFrameProfile.fault(in: frame, contentByteCount: output.count) {
      return fault.message
    }
    return try decode(frame, into: &output)
  }

  /// Decodes whatever libzstd takes for one whole frame.
  ///
  /// It goes block by block: in one step libzstd would not notice a block that regenerates more
  /// than RFC 8878 allows. It takes a frame for one step when it sees all of it, so it is shown the
  /// last byte late.
  func decode(
    _ frame: Span<UInt8>, into output: inout MutableSpan<UInt8>
  ) throws(BSTKError) -> String? {
    // SAFETY: libzstd reads and writes within the lengths that the two structures state, and keeps
    // no pointer to either buffer behind the calls.
    let (result, isWhole) = unsafe frame.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { target in
        unsafe _ = ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        var input = unsafe ZSTD_inBuffer(
          src: source.baseAddress, size: max(source.count - 1, 0), pos: 0)
        var output = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        var result = unsafe ZSTD_decompressStream(context, &output, &input)
        if ZSTD_isError(result) == 0 {
          unsafe input.size = source.count
          result = unsafe ZSTD_decompressStream(context, &output, &input)
        }
        return unsafe (result, input.pos == input.size && output.pos == output.size)
      }
    }
    guard ZSTD_isError(result) == 0 else {
      if ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation { throw .outOfMemory }
      return "zstd: \(BSTKError.zstdName(of: result))"
    }
    return result == 0 && isWhole ? nil : "the zstd frame does not end where it must"
  }
}
