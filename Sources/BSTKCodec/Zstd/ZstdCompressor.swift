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

  /// One frame of a single segment with its content size stated, or nil when it would not be
  /// shorter than `bytes`.
  ///
  /// - Parameter cuts: Where blocks of the frame end, ascending and within the bytes, so that what
  ///   stands between two cuts is coded by its own frequencies.
  func compress(
    _ bytes: Span<UInt8>, level: Int, cuts: [Int] = []
  ) throws(BSTKError) -> [UInt8]? {
    try start()
    try set(ZSTD_c_compressionLevel, Int32(clamping: level))
    return try frame(of: bytes, cuts: cuts)
  }

  /// As ``compress(_:level:cuts:)``, but each byte for itself, by its frequency alone.
  ///
  /// Where bytes are independent of each other, as in the planes of a matrix, matches are accidents
  /// that cost more than they save: this is both smaller than the highest level and hundreds of
  /// times as fast.
  func compressLiterals(
    _ bytes: Span<UInt8>, cuts: [Int] = []
  ) throws(BSTKError) -> [UInt8]? {
    try start()
    // The fast strategy skips as many bytes between its searches as the target length says: all.
    try set(ZSTD_c_strategy, Int32(ZSTD_fast.rawValue))
    try set(ZSTD_c_targetLength, 1 << 17)
    try set(ZSTD_c_minMatch, 7)
    // Having skipped so much, it would store bytes as they are, unless this parameter forbids that;
    // it is "literalCompressionMode" and 1 "Huffman" in every version that has it.
    try set(ZSTD_c_experimentalParam5, 1)
    return try frame(of: bytes, cuts: cuts)
  }

  /// Forgets an unfinished frame, which one that became too long is, and all parameters.
  private func start() throws(BSTKError) {
    // SAFETY: the context is alive.
    unsafe _ = ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)
    // The window holds every chunk whole. A frame that states its size is then a single segment.
    try set(ZSTD_c_windowLog, Int32(Limits.chunkByteCount.trailingZeroBitCount))
  }

  private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws(BSTKError) {
    // SAFETY: the context is alive; the call stores a number in it.
    let code = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
    guard ZSTD_isError(code) == 0 else { throw .zstd(code) }
  }

  private func frame(of bytes: Span<UInt8>, cuts: [Int]) throws(BSTKError) -> [UInt8]? {
    // One byte less than the input: libzstd then stops early instead of finishing a useless frame.
    let capacity = bytes.count - 1
    guard capacity > 0 else { return nil }
    var code = 0
    let frame = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
      // SAFETY: both buffers are used only during the call, with their true lengths; `count` is
      // what libzstd reports to have written.
      code = unsafe bytes.withUnsafeBytes { source in
        let source = UnsafeRawBufferPointer(source)
        let target = UnsafeMutableRawBufferPointer(target)
        if cuts.isEmpty {
          return unsafe ZSTD_compress2(
            context, target.baseAddress, capacity, source.baseAddress, source.count)
        }
        return unsafe compress(source, cuts, into: target)
      }
      count = ZSTD_isError(code) != 0 ? 0 : code
    }
    if ZSTD_isError(code) != 0 {
      if ZSTD_getErrorCode(code) == ZSTD_error_dstSize_tooSmall { return nil }
      throw .zstd(code)
    }
    return frame
  }

  /// Compresses a frame piece by piece, each flushed into blocks of its own.
  ///
  /// - Returns: As `ZSTD_compress2` the bytes of the frame, or an error of libzstd.
  private func compress(
    _ source: UnsafeRawBufferPointer, _ cuts: [Int], into target: UnsafeMutableRawBufferPointer
  ) -> Int {
    // SAFETY: the context is alive; libzstd reads and writes within the lengths that the two
    // structures state, which are those of the buffers.
    var code = unsafe ZSTD_CCtx_setPledgedSrcSize(context, UInt64(source.count))
    var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: 0, pos: 0)
    var output = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
    for end in cuts + [source.count] {
      unsafe input.size = end
      repeat {
        if ZSTD_isError(code) != 0 { return code }
        if unsafe output.pos == output.size {
          return -Int(ZSTD_error_dstSize_tooSmall.rawValue)
        }
        code = unsafe ZSTD_compressStream2(
          context, &output, &input, end == source.count ? ZSTD_e_end : ZSTD_e_flush)
      } while code != 0
    }
    return unsafe output.pos
  }
}
