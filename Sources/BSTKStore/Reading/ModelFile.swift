public import BSTKCodec
public import BSTKFormat

/// An open `.bstk` file or prefix: its manifest, and access to what the prefix holds.
public final class ModelFile: Sendable {
  /// Header and index.
  public let manifest: Manifest
  /// The bytes.
  public let source: any ByteSource
  /// The length when it was opened.
  public let byteCount: UInt64

  /// How a file is read.
  public enum Access: Sendable {
    /// With `pread`.
    case plain
    /// Through a memory mapping; see ``MappedSource`` for its condition.
    case mapped
  }

  /// Opens a file by its path.
  ///
  /// - Parameter root: The root digest it must have, when that is known by another path.
  /// - Throws: ``BSTKError``. A file below its base opens; ``requireUsable()`` refuses it.
  public convenience init(
    _ path: String, access: Access = .plain, root: Digest? = nil
  ) throws(BSTKError) {
    switch access {
    case .plain: try self.init(FileSource(path), root: root)
    case .mapped: try self.init(MappedSource(path), root: root)
    }
  }

  /// Opens what `source` holds.
  public init(_ source: any ByteSource, root: Digest? = nil) throws(BSTKError) {
    self.source = source
    byteCount = try source.byteCount()
    let headerByteCount = UInt64(Limits.headerByteCount)
    let start = try source.bytes(at: 0, count: Int(min(byteCount, headerByteCount)))
    let header = try Header(parsing: start.span)
    let end = min(byteCount, header.indexEnd)
    manifest = try source.withBytes(at: 0, count: Int(end)) { bytes throws(BSTKError) in
      try Manifest(opening: bytes, root: root)
    }
  }

  /// The state by length alone; ``verify(progress:)`` tells the verified one.
  public var state: PrefixState { manifest.state(ofByteCount: byteCount) }

  /// The whole chunks the length allows for.
  public var chunkCount: Int { manifest.chunkCount(inBytes: byteCount) }

  /// The blocks of matrices among them.
  public var blockCount: Int { manifest.blockCount(ofChunks: chunkCount) }

  /// Refuses a prefix in which no runnable model is.
  ///
  /// - Throws: `TOO_SHORT` with the bytes that are needed, `OVERLONG` when bytes follow the end.
  public func requireUsable() throws(BSTKError) {
    try manifest.requireUsable(byteCount: byteCount)
  }

  /// The largest cut within `budget` that this prefix holds; bytes behind the end do not matter.
  ///
  /// - Throws: `TOO_SHORT` or `BUDGET_TOO_SMALL`.
  public func cut(within budget: Budget) throws(BSTKError) -> Cut {
    if case .tooShort = state { try requireUsable() }
    let wanted = try manifest.cut(within: budget)
    return wanted.chunkCount <= chunkCount ? wanted : manifest.cut(afterChunks: chunkCount)
  }

  /// Lends the decoded tiles of object `number` one after the other.
  public func forEachTile(
    ofObject number: Int, decoder: borrowing ChunkDecoder,
    _ body: ([UInt8]) throws(BSTKError) -> Void
  ) throws(BSTKError) {
    let first = manifest.firstTile(ofObject: number)
    for index in first..<(first + manifest.objects[number].tileCount) {
      try body(payload(ofChunk: index, decoder: decoder))
    }
  }

  /// A whole object; for auxiliary files and small tensors.
  public func object(_ number: Int, decoder: borrowing ChunkDecoder) throws(BSTKError) -> [UInt8] {
    var bytes: [UInt8] = []
    try forEachTile(ofObject: number, decoder: decoder) { bytes += $0 }
    return bytes
  }
}
