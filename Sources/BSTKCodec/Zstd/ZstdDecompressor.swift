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
    let expected = output.count
    if let fault = ZstdFrameProfile.fault(in: frame, contentByteCount: expected) { return fault }
    var written = 0
    // SAFETY: both buffers are used only during the call, with their true lengths.
    let result = unsafe frame.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { unsafe decode(source, into: $0, count: &written) }
    }
    guard ZSTD_isError(result) == 0 else {
      if ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation { throw .outOfMemory }
      return "zstd: \(BSTKError.zstdName(of: result))"
    }
    return result == 0 && written == expected
      ? nil : "the zstd frame does not hold the derived length of \(expected) bytes"
  }

  /// Decodes block by block: in one step libzstd would not notice a block that regenerates more
  /// than RFC 8878 allows. It takes a frame for one step when it sees all of it, so it is shown the
  /// last byte late.
  ///
  /// - Parameter count: The bytes written to `target`.
  /// - Returns: 0 when the frame is complete, otherwise what is due, or an error.
  private func decode(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    count: inout Int
  ) -> Int {
    // SAFETY: libzstd reads and writes within the lengths that the two structures state, and keeps
    // no pointer to either buffer behind the calls.
    unsafe _ = ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
    var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count - 1, pos: 0)
    var output = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
    var result = unsafe ZSTD_decompressStream(context, &output, &input)
    if ZSTD_isError(result) == 0, unsafe input.pos == input.size {
      unsafe input.size = source.count
      result = unsafe ZSTD_decompressStream(context, &output, &input)
    }
    count = unsafe output.pos
    return result
  }
}
