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
    /// The content as a whole, and part by part.
    func consider(_ codec: ChunkCodec, _ content: Span<UInt8>, _ cuts: [Int]) throws(BSTKError) {
      consider(codec, try zstd.compress(content, level: level))
      guard !cuts.isEmpty else { return }
      consider(codec, try zstd.compress(content, level: level, cuts: cuts))
      consider(codec, try zstd.compressLiterals(content, cuts: cuts))
    }
    let cuts = layout.partOffsets
    try consider(.zstd, payload, cuts)
    if let (range, width) = layout.bytePlanes {
      let planes = BytePlanes.split(payload, range, width: width)
      try consider(.zstdPlanes, planes.span, Self.cuts(cuts, splitting: range, width))
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

  /// The cuts of a payload whose elements in `range` are split into byte planes, of which each is a
  /// part of its own then.
  private static func cuts(_ cuts: [Int], splitting range: Range<Int>, _ width: Int) -> [Int] {
    guard !cuts.isEmpty else { return [] }
    let planes = (0..<width).map { range.lowerBound + $0 * (range.count / width) }
    return planes + cuts.filter { $0 >= range.upperBound }
  }

  private func level(for layout: ChunkLayout) -> Int {
    switch layout {
    case .file: levels.files
    case .tensor, .ignorable, .signBlock, .firstPlane, .refinement: levels.weights
    }
  }
}
