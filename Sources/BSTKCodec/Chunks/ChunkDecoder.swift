public import BSTKFormat

/// Turns stored chunks into payloads: hash first, then decompression, then the payload's own rules.
public struct ChunkDecoder: ~Copyable {
  private let zstd: ZstdDecompressor

  /// - Throws: `CODEC` when libzstd cannot allocate a context.
  public init() throws(BSTKError) {
    zstd = try ZstdDecompressor()
  }

  /// Decodes chunk `index` of a file.
  ///
  /// - Parameters:
  ///   - stored: The chunk's bytes in the file.
  ///   - isVerified: Whether the caller has compared their SHA-256 with the index already.
  /// - Returns: The payload, as long as the manifest derives.
  /// - Throws: `CHUNK_LENGTH`, `CHUNK_HASH`, `CODEC`, `PADDING` or `FLOAT`, at the chunk's offset.
  public func decode(
    _ stored: Span<UInt8>, chunk index: Int, of manifest: Manifest, isVerified: Bool = false
  ) throws(BSTKError) -> [UInt8] {
    let record = manifest.chunks[index]
    guard stored.count == record.storedByteCount else {
      throw BSTKError(
        .chunkLength, "\(stored.count) bytes of a chunk of \(record.storedByteCount)",
        offset: manifest.chunkOffset(index), section: .chunk(index))
    }
    if !isVerified { try manifest.verify(stored, chunk: index) }
    let byteCount = manifest.payloadByteCount(ofChunk: index)
    let payload = try decompress(stored, chunk: index, of: manifest, byteCount: byteCount)
    if let layout = manifest.blockLayout(ofChunk: index) {
      try layout.validate(payload.span, chunk: index, at: manifest.chunkOffset(index))
    }
    return payload
  }

  private func decompress(
    _ stored: Span<UInt8>, chunk index: Int, of manifest: Manifest, byteCount: Int
  ) throws(BSTKError) -> [UInt8] {
    let codec = manifest.chunks[index].codec
    guard codec != .raw else { return [UInt8](copying: stored) }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var span = bytes.mutableSpan
    if let fault = zstd.decompress(stored, into: &span) {
      throw BSTKError(
        .codec, fault, offset: manifest.chunkOffset(index), section: .chunk(index))
    }
    guard codec == .zstdPlanes else { return bytes }
    var joined = [UInt8](repeating: 0, count: byteCount)
    var output = joined.mutableSpan
    let planes = manifest.planes(ofChunk: index)
    BytePlanes.join(
      bytes.span, start: planes.start, width: planes.elementByteCount, into: &output)
    return joined
  }
}

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
