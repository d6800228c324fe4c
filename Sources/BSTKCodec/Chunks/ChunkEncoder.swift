public import BSTKFormat

/// Encodes payloads, keeping the smallest of the codecs the Spec allows for each.
///
/// The result depends on the payload, the level and the version of libzstd only.
public struct ChunkEncoder: ~Copyable {
  private let zstd: ZstdCompressor

  /// The level that weighs time against size for whole models: dense tensors in planes gain less
  /// than one percent from higher ones.
  public static let defaultLevel = 6

  /// - Throws: `CODEC` when libzstd cannot allocate a context.
  public init(level: Int = ChunkEncoder.defaultLevel) throws(BSTKError) {
    zstd = try ZstdCompressor(level: level)
  }

  /// Encodes one payload.
  ///
  /// - Parameters:
  ///   - payload: The chunk's contents, at most ``Limits/chunkByteCount`` bytes.
  ///   - planeStart: The bytes at its start that plane splitting leaves alone.
  ///   - elementByteCount: The size of the elements behind them; 1 means nothing to split.
  public func encode(
    _ payload: Span<UInt8>, planeStart: Int = 0, elementByteCount: Int
  ) throws(BSTKError) -> EncodedChunk {
    var best: (codec: ChunkCodec, bytes: [UInt8])?
    func consider(_ codec: ChunkCodec, _ frame: [UInt8]?) {
      guard let frame, frame.count < best?.bytes.count ?? payload.count,
        UInt64(payload.count) <= UInt64(frame.count) * Limits.compressionRatio
      else { return }
      best = (codec, frame)
    }
    consider(.zstd, try zstd.compress(payload))
    if elementByteCount > 1 {
      let planes = BytePlanes.split(payload, start: planeStart, width: elementByteCount)
      consider(.zstdPlanes, try zstd.compress(planes.span))
    }
    let stored = best?.bytes ?? [UInt8](copying: payload)
    return EncodedChunk(
      codec: best?.codec ?? .raw, stored: stored, digest: SHA256Hasher.digest(of: stored.span))
  }
}
