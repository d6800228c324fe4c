public import BSTKFormat

extension Manifest {
  /// Compares the SHA-256 of a chunk's stored bytes with the index.
  ///
  /// - Throws: `CHUNK_HASH` at the chunk's offset.
  public func verify(_ stored: Span<UInt8>, chunk index: Int) throws(BSTKError) {
    try verify(SHA256Hasher.digest(of: stored), chunk: index)
  }

  /// Compares a digest with the one the index states for a chunk.
  ///
  /// - Throws: `CHUNK_HASH` at the chunk's offset.
  public func verify(_ digest: Digest, chunk index: Int) throws(BSTKError) {
    guard digest == chunks[index].digest else {
      throw BSTKError(
        .chunkHash, "chunk \(index) does not match its SHA-256 in the index",
        offset: chunkOffset(index), section: .chunk(index))
    }
  }
}
