internal import BSTKFormat
internal import CZstd

/// A reusable zstd decompression context (RFC 8878).
@safe struct ZstdDecompressor: ~Copyable {
  private let context: OpaquePointer

  /// - Throws: `CODEC` when libzstd cannot allocate a context.
  init() throws(BSTKError) {
    // SAFETY: the context is owned by this value alone and freed once, in deinit.
    guard let context = unsafe ZSTD_createDCtx() else {
      throw BSTKError(.codec, "zstd could not allocate a context")
    }
    unsafe self.context = context
  }

  // SAFETY: a ~Copyable value ends once, and nothing else holds the context.
  deinit { unsafe _ = ZSTD_freeDCtx(context) }

  /// Decodes exactly one frame that states its content size, uses no dictionary and fills
  /// `output` exactly.
  ///
  /// - Returns: What is wrong with the frame, or nil.
  func decompress(_ frame: Span<UInt8>, into output: inout MutableSpan<UInt8>) -> String? {
    guard frame.count >= 4, frame[0] == 0x28, frame[1] == 0xB5, frame[2] == 0x2F, frame[3] == 0xFD
    else { return "the chunk does not begin with a zstd frame" }
    let expected = output.count
    // SAFETY: both buffers are used only during the calls, with their true lengths; libzstd
    // writes at most the capacity it is given.
    return unsafe frame.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return "empty frame" }
      guard unsafe ZSTD_findFrameCompressedSize(base, source.count) == source.count else {
        return "the chunk is not one whole zstd frame"
      }
      guard unsafe ZSTD_getFrameContentSize(base, source.count) == UInt64(expected) else {
        return "the zstd frame does not state the derived length of \(expected) bytes"
      }
      guard unsafe ZSTD_getDictID_fromFrame(base, source.count) == 0 else {
        return "the zstd frame asks for a dictionary"
      }
      return unsafe output.withUnsafeMutableBytes { target in
        let result = unsafe ZSTD_decompressDCtx(
          context, target.baseAddress, target.count, base, source.count)
        if ZSTD_isError(result) != 0 {
          return unsafe "zstd: \(String(cString: ZSTD_getErrorName(result)))"
        }
        return result == expected ? nil : "the zstd frame ends after \(result) bytes"
      }
    }
  }
}
