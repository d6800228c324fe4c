internal import BSTKCodec
public import BSTKFormat

extension ModelFile {
  /// Checks the state, the hash of every whole chunk, the padding between chunks and, unless
  /// `hashesOnly`, that every chunk decodes.
  ///
  /// Planes that are stored mirrored are decoded with their matrix's first plane. Memory holds one
  /// of those, so it is read and decoded again where the levels of several matrices alternate, as
  /// they do in the stack: one chunk more for each mirrored one.
  ///
  /// - Parameter progress: Called with the bytes checked so far; throwing from it stops the check.
  /// - Returns: The verified state and the first fault: the state's own before any of a chunk.
  /// - Throws: `IO` when the file cannot be read, `FAILURE` when memory is lacking, and what
  ///   `progress` throws.
  public func verify(
    hashesOnly: Bool = false, progress: (UInt64) throws(BSTKError) -> Void = { _ in }
  ) throws(BSTKError) -> VerificationReport {
    let decoder = try ChunkDecoder()
    var firstPlane: (chunk: Int, payload: [UInt8])?
    var fault: BSTKError?
    var verified = 0
    var position = manifest.header.indexEnd
    while verified < chunkCount {
      do {
        let stored = try verifiedBytes(ofChunk: verified)
        if !hashesOnly {
          try verifyContents(
            stored, ofChunk: verified, firstPlane: &firstPlane, decoder: decoder)
        }
      } catch  where error.code != .io && error.code != .failure {
        fault = error
        break
      }
      position = manifest.chunkEnd(verified)
      verified += 1
      try progress(position)
    }
    let found: PrefixState
    do {
      try requireUsable()
      found = verifiedState(chunkCount: verified)
    } catch {
      (fault, found) = (error, state)
    }
    return VerificationReport(
      state: found, verifiedChunkCount: verified, fault: fault, hashedByteCount: position)
  }

  /// Decodes chunk `index`, whose bytes are verified; a tile that this release ignores is not.
  private func verifyContents(
    _ stored: [UInt8], ofChunk index: Int, firstPlane: inout (chunk: Int, payload: [UInt8])?,
    decoder: borrowing ChunkDecoder
  ) throws(BSTKError) {
    switch manifest.layout(ofChunk: index) {
    case .ignorable: return
    case .file, .tensor, .signBlock, .refinement:
      if let first = manifest.firstPlaneChunk(ofChunk: index), firstPlane?.chunk != first {
        firstPlane = (first, try payload(ofChunk: first, decoder: decoder))
      }
      _ = try decoder.decode(
        stored.span, chunk: index, of: manifest, firstPlane: firstPlane?.payload.span,
        isVerified: true)
    case .firstPlane:
      let payload = try decoder.decode(
        stored.span, chunk: index, of: manifest, isVerified: true)
      firstPlane = (index, payload)
    }
  }

  /// The stored bytes of chunk `index`, after a check of their hash and of the padding before them.
  ///
  /// - Throws: `PADDING`, `CHUNK_HASH`, `TOO_SHORT` or `IO`.
  func verifiedBytes(ofChunk index: Int) throws(BSTKError) -> [UInt8] {
    let start = manifest.chunkOffset(index)
    try verifyPadding(from: manifest.byteCount(ofChunks: index), to: start)
    let stored = try source.bytes(at: start, count: manifest.chunks[index].storedByteCount)
    try manifest.verify(stored.span, chunk: index)
    return stored
  }

  private func verifyPadding(from start: UInt64, to end: UInt64) throws(BSTKError) {
    try source.withBytes(at: start, count: Int(end - start)) { bytes throws(BSTKError) in
      for index in bytes.indices where bytes[index] != 0 {
        throw BSTKError(
          .padding, "padding must be zero", offset: start + UInt64(index), section: .padding)
      }
    }
  }

  private func verifiedState(chunkCount: Int) -> PrefixState {
    if chunkCount == self.chunkCount { return state }
    let end = manifest.byteCount(ofChunks: chunkCount)
    guard end >= manifest.header.baseEnd else { return .tooShort(needed: manifest.header.baseEnd) }
    return .prefix(chunkCount: chunkCount, tailByteCount: byteCount - end)
  }
}
