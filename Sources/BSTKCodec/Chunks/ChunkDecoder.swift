public import BSTKFormat

/// Turns stored chunks into payloads: hash first, then decompression, then the payload's own rules.
public struct ChunkDecoder: ~Copyable {
  private let zstd: ZstdDecompressor

  /// - Throws: `FAILURE` when libzstd cannot allocate a context.
  public init() throws(BSTKError) {
    zstd = try ZstdDecompressor()
  }

  /// Decodes chunk `index` of a file.
  ///
  /// - Parameters:
  ///   - stored: The chunk's bytes in the file.
  ///   - firstPlane: The payload of ``Manifest/firstPlaneChunk(ofChunk:)``, where there is such a
  ///     chunk; otherwise it is not looked at.
  ///   - isVerified: Whether the caller has compared their SHA-256 with the index already.
  /// - Returns: The payload, as long as the manifest derives.
  /// - Precondition: A mirrored plane comes with its first plane.
  /// - Throws: `CHUNK_LENGTH`, `CHUNK_HASH`, `CODEC`, `PADDING`, `FLOAT` or `SHAPE`, at the chunk's
  ///   offset; `UNKNOWN_KIND` for a tile of an object that this release ignores.
  public func decode(
    _ stored: Span<UInt8>, chunk index: Int, of manifest: Manifest,
    firstPlane: Span<UInt8>? = nil, isVerified: Bool = false
  ) throws(BSTKError) -> [UInt8] {
    let record = manifest.chunks[index]
    let layout = manifest.layout(ofChunk: index)
    func fault(_ code: BSTKError.Code, _ message: String) -> BSTKError {
      BSTKError(code, message, offset: manifest.chunkOffset(index), section: .chunk(index))
    }
    guard stored.count == record.storedByteCount else {
      throw fault(.chunkLength, "\(stored.count) bytes of a chunk of \(record.storedByteCount)")
    }
    if !isVerified { try manifest.verify(stored, chunk: index) }
    if case .ignorable = layout {
      throw fault(.unknownKind, "chunk \(index) belongs to an object of an unknown kind")
    }
    let payload = Self.payload(
      of: try content(of: stored, record.codec, byteCount: layout.byteCount, fault),
      record.codec, layout, firstPlane: firstPlane)
    try layout.validate(payload.span, chunk: index, at: manifest.chunkOffset(index))
    return payload
  }

  /// The stored bytes, decompressed.
  private func content(
    of stored: Span<UInt8>, _ codec: ChunkCodec, byteCount: Int,
    _ fault: (BSTKError.Code, String) -> BSTKError
  ) throws(BSTKError) -> [UInt8] {
    switch codec {
    case .raw: return [UInt8](copying: stored)
    case .zstd, .zstdPlanes, .zstdMirrored:
      var content = [UInt8](repeating: 0, count: byteCount)
      var span = content.mutableSpan
      if let message = try zstd.decompress(stored, into: &span) { throw fault(.codec, message) }
      return content
    }
  }

  /// The payload that the content stands for.
  private static func payload(
    of content: consuming [UInt8], _ codec: ChunkCodec, _ layout: ChunkLayout,
    firstPlane: Span<UInt8>?
  ) -> [UInt8] {
    switch codec {
    case .raw, .zstd: return content
    case .zstdPlanes:
      guard let (range, width) = layout.bytePlanes else {
        preconditionFailure("a manifest allows byte planes only where there are some")
      }
      var joined = [UInt8](repeating: 0, count: content.count)
      var output = joined.mutableSpan
      BytePlanes.join(content.span, range, width: width, into: &output)
      return joined
    case .zstdMirrored:
      guard let byteCount = layout.mirroredByteCount, let firstPlane else {
        preconditionFailure("a mirrored plane is decoded with the first plane of its matrix")
      }
      // In place: a plane may be large, and two of them need not be there at once.
      MirroredPlane.applyExclusiveOr(firstPlane, byteCount: byteCount, to: &content)
      return content
    }
  }
}
