public import BSTKFormat

/// A payload in its stored form.
public struct EncodedChunk: Sendable {
  /// How the payload was encoded.
  public let codec: ChunkCodec
  /// The bytes as they stand in the file.
  public let stored: [UInt8]
  /// SHA-256 of ``stored``.
  public let digest: Digest
}
