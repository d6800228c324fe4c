public import BSTKFormat

/// Encodes payloads, keeping the smallest of the codecs the Spec allows for each.
///
/// The result depends on the payload, the levels and the version of libzstd only.
public struct ChunkEncoder: ~Copyable {
  private let zstd: ZstdCompressor
  private let levels: CompressionLevels

  /// - Throws: `FAILURE` when libzstd cannot allocate a context.
  public init(levels: CompressionLevels = CompressionLevels()) throws(BSTKError) {
    zstd = try ZstdCompressor()
    self.levels = levels
  }

  /// Encodes one payload.
  ///
  /// - Parameters:
  ///   - payload: The chunk's contents, as `layout` says.
  ///   - layout: What the payload is made of.
  ///   - firstPlane: For a level above 0 of nested planes the payload of level 0, if the plane may
  ///     be stored mirrored by it.
  public func encode(
    _ payload: Span<UInt8>, _ layout: ChunkLayout, firstPlane: Span<UInt8>? = nil
  ) throws(BSTKError) -> EncodedChunk {
    var best: (codec: ChunkCodec, bytes: [UInt8])?
    func consider(_ codec: ChunkCodec, _ frame: [UInt8]?) {
      guard let frame, frame.count < best?.bytes.count ?? payload.count,
        UInt64(payload.count) <= UInt64(frame.count) * Limits.compressionRatio
      else { return }
      best = (codec, frame)
    }
    let level = level(for: layout)
    consider(.zstd, try zstd.compress(payload, level: level))
    if let (start, width) = layout.bytePlanes {
      let planes = BytePlanes.split(payload, start: start, width: width)
      consider(.zstdPlanes, try zstd.compress(planes.span, level: level))
    }
    if let firstPlane, let byteCount = layout.mirroredByteCount {
      let mirrored = MirroredPlane.exclusiveOr(payload, firstPlane, byteCount: byteCount)
      let literals = try zstd.compressLiterals(mirrored.span)
      consider(.zstdMirrored, literals)
      // Where hardly a bit is set, runs of zero bytes are worth searching for.
      let isSparse = (literals?.count ?? payload.count) < payload.count / 3
      consider(
        .zstdMirrored,
        try zstd.compress(mirrored.span, level: isSparse ? levels.files : level))
    }
    let stored = best?.bytes ?? [UInt8](copying: payload)
    return EncodedChunk(
      codec: best?.codec ?? .raw, stored: stored, digest: SHA256Hasher.digest(of: stored.span))
  }

  private func level(for layout: ChunkLayout) -> Int {
    switch layout {
    case .file: levels.files
    case .tensor, .ignorable, .signBlock, .firstPlane, .refinement: levels.weights
    }
  }
}
