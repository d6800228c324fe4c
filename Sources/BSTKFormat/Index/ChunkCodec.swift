/// How a chunk's stored bytes are turned into its payload (Spec registry "Chunk codecs").
public enum ChunkCodec: UInt8, Hashable, Sendable, CaseIterable {
  /// The payload itself.
  case raw = 0
  /// One zstd frame (RFC 8878).
  case zstd = 1
  /// One zstd frame over the payload with its multi-byte elements split into byte planes.
  case zstdPlanes = 2
  /// One zstd frame over the payload with its bit plane XORed with the first plane of the matrix.
  case zstdMirrored = 3

  /// The name that tables use.
  public var name: String {
    switch self {
    case .raw: "raw"
    case .zstd: "zstd"
    case .zstdPlanes: "zstd+planes"
    case .zstdMirrored: "zstd+mirror"
    }
  }
}
