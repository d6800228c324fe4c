public import BSTKFormat

/// Something that happened during a fetch.
///
/// Events are delivered in order on the fetch's own thread: return quickly and do not block.
public enum FetchEvent: Sendable {
  /// Header and index are known, and the cut that the budget buys.
  case opened(FetchOpening)
  /// Bytes arrived; at most a few times a second.
  case progress(FetchProgress)
  /// All chunks before `chunkCount` are verified: a prefix of `fileByteCount` bytes.
  case verified(chunkCount: Int, fileByteCount: UInt64)
  /// A request failed and will be made again after `delay` seconds.
  case retry(BSTKError, delay: Double)
  /// Something a person may want to know that does not stop the fetch.
  case warning(String)
  /// The output is whole.
  case done(FetchSummary)
}

/// What a fetch knows once the index has arrived.
public struct FetchOpening: Sendable {
  /// The model's manifest.
  public let manifest: Manifest
  /// SHA-256 of the header.
  public let rootDigest: Digest
  /// The cut that will be fetched.
  public let cut: Cut
  /// Bytes of it that were already here and verified, header and index included.
  public let presentByteCount: UInt64
}

/// How far a fetch has come.
public struct FetchProgress: Sendable {
  /// Bytes of the prefix that are stored.
  public let storedByteCount: UInt64
  /// Bytes of the prefix at the cut.
  public let totalByteCount: UInt64
  /// Whole verified chunks from the start.
  public let verifiedChunkCount: Int
  /// Verified blocks of matrices.
  public let verifiedBlockCount: Int
  /// Bytes a second, lately.
  public let bytesPerSecond: Double
  /// Requests running now.
  public let connectionCount: Int
}

/// What a fetch has done.
public struct FetchSummary: Sendable {
  /// The output's length.
  public let fileByteCount: UInt64
  /// Whole chunks in it.
  public let chunkCount: Int
  /// Blocks of matrices in it.
  public let blockCount: Int
  /// SHA-256 of the header.
  public let rootDigest: Digest
  /// Body bytes received that were needed.
  public let payloadByteCount: UInt64
  /// Body bytes received for nothing: aborted, repeated, or of a chunk that failed its hash.
  public let wastedByteCount: UInt64
  /// Bytes of response headers.
  public let headerByteCount: UInt64
  /// Requests made.
  public let requestCount: Int
  /// Connections opened.
  public let connectionCount: Int
  /// Chunks that had to be fetched again because their hash did not match.
  public let damagedChunkCount: Int
}
