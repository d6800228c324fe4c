/// What a file of some length is, judged by its length alone (Spec section "Prefix states").
///
/// A length says which chunks can be whole; only their hashes say that they are.
public enum PrefixState: Hashable, Sendable {
  /// Every chunk is here.
  case complete
  /// The first `chunkCount` chunks are here and `tailByteCount` bytes of what follows.
  case prefix(chunkCount: Int, tailByteCount: UInt64)
  /// The base is not whole; `needed` bytes are.
  case tooShort(needed: UInt64)
  /// `extraByteCount` bytes follow the last chunk.
  case overlong(extraByteCount: UInt64)
}

extension PrefixState: CustomStringConvertible {
  /// The state as the Spec writes it.
  public var description: String {
    switch self {
    case .complete: "COMPLETE"
    case .prefix(let count, 0): "PREFIX(\(count))"
    case .prefix(let count, let tail): "PREFIX(\(count))+TAIL(\(tail))"
    case .tooShort: "TOO_SHORT"
    case .overlong: "OVERLONG"
    }
  }
}

extension Manifest {
  /// The state of a file of `byteCount` bytes.
  public func state(ofByteCount byteCount: UInt64) -> PrefixState {
    if byteCount == header.storedByteCount { return .complete }
    if byteCount > header.storedByteCount {
      return .overlong(extraByteCount: byteCount - header.storedByteCount)
    }
    guard byteCount >= header.baseEnd else { return .tooShort(needed: header.baseEnd) }
    let count = chunkCount(inBytes: byteCount)
    return .prefix(
      chunkCount: count, tailByteCount: byteCount - self.byteCount(ofChunks: count))
  }

  /// Refuses a file of `byteCount` bytes in which no runnable model is, or more than one.
  ///
  /// - Throws: `TOO_SHORT` with the bytes that are needed, `OVERLONG` when bytes follow the end.
  public func requireUsable(byteCount: UInt64) throws(BSTKError) {
    switch state(ofByteCount: byteCount) {
    case .complete, .prefix: return
    case .tooShort(let needed):
      throw BSTKError(
        .tooShort, "the file has \(byteCount) bytes; its base needs \(needed)", offset: byteCount,
        section: .tail)
    case .overlong(let extra):
      throw BSTKError(
        .overlong, "\(extra) bytes follow the last chunk", offset: header.storedByteCount,
        section: .tail)
    }
  }
}
