public import BSTKFormat
internal import Crypto

/// SHA-256 (FIPS 180-4), piece by piece or at once.
public struct SHA256Hasher: Sendable {
  private var state = SHA256()

  /// Starts an empty hash.
  public init() {}

  /// Appends bytes.
  public mutating func update(_ bytes: Span<UInt8>) {
    // SAFETY: the buffer is used only during the call, while the span is valid.
    unsafe bytes.withUnsafeBytes { unsafe state.update(bufferPointer: $0) }
  }

  /// The digest of everything appended so far; more may be appended afterwards.
  public func finalized() -> BSTKFormat.Digest {
    let bytes = Array(state.finalize())
    return BSTKFormat.Digest(bytes.span)
  }

  /// The digest of `bytes`.
  public static func digest(of bytes: Span<UInt8>) -> BSTKFormat.Digest {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finalized()
  }
}
