public import BSTKFormat

/// The manifest of a published file and what its server said about the file.
public struct RemoteManifest: Sendable {
  /// Header and index.
  public let manifest: Manifest
  /// SHA-256 of the header.
  public let rootDigest: Digest
  /// The length of the server's file, when it said so; a publisher may offer only a prefix.
  public let byteCount: UInt64?
  /// Whether the server answered a range request with that range.
  public let supportsRanges: Bool
  /// Body bytes received to learn this.
  public let receivedByteCount: UInt64
  /// Requests made to learn this.
  public let requestCount: Int
}
