internal import BSTKCodec
public import BSTKFormat

extension ModelFile {
  /// Checks the hash of every whole chunk, the padding between chunks and, unless `hashesOnly`,
  /// that every chunk decodes.
  ///
  /// - Parameter progress: Called with the bytes checked so far; throwing from it stops the check.
  /// - Returns: The verified state and the first fault.
  /// - Throws: `IO` when the file cannot be read, and what `progress` throws.
  public func verify(
    hashesOnly: Bool = false, progress: (UInt64) throws(BSTKError) -> Void = { _ in }
  ) throws(BSTKError) -> VerificationReport {
    let decoder = try ChunkDecoder()
    var fault: BSTKError?
    var verified = 0
    var position = manifest.header.indexEnd
    while verified < chunkCount {
      do {
        let stored = try verifiedBytes(ofChunk: verified)
        if !hashesOnly {
          _ = try decoder.decode(stored.span, chunk: verified, of: manifest, isVerified: true)
        }
      } catch  where error.code != .io {
        fault = error
        break
      }
      position = manifest.chunkEnd(verified)
      verified += 1
      try progress(position)
    }
    return VerificationReport(
      state: verifiedState(chunkCount: verified), verifiedChunkCount: verified, fault: fault,
      hashedByteCount: position)
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
