public import BSTKCodec
public import BSTKFormat

/// Writes a new `.bstk` file.
///
/// Chunks are encoded as they come and wait in a spool file, because the index, which stands before
/// them, needs their lengths and hashes, and the stack's order is known only when the last block
/// is. ``finish(stack:extensions:)`` then assembles header, index and chunks in a temporary
/// sibling and renames it. Memory holds the tables and one chunk. The bytes depend on what was
/// added and on the stack's order, not on the order of adding.
public struct ModelWriter: ~Copyable {
  /// A chunk in the spool.
  struct Entry {
    let codec: ChunkCodec
    let digest: Digest
    let storedByteCount: Int
    let spoolOffset: UInt64
  }

  struct Object {
    let record: ObjectRecord
    var tiles: [Entry] = []
  }

  struct Block {
    let entry: Entry
    let rank: Int
    let vectors: VectorType?
    let worth: Float?
  }

  struct Matrix {
    /// As announced; how many levels there are is known when the last block is.
    let announced: MatrixRecord
    var baseLevelCount: Int
    var blocks: [Block] = []
  }

  let path: String
  let encoder: ChunkEncoder
  var spool: Spool
  private(set) var objects: [Object] = []
  var matrices: [Matrix] = []

  /// Starts a file; nothing appears under `path` before ``finish(stack:extensions:)``.
  ///
  /// - Throws: `IO` when the folder cannot be written to.
  public init(
    _ path: String, compression: CompressionLevels = CompressionLevels()
  ) throws(BSTKError) {
    let encoder = try ChunkEncoder(levels: compression)
    let spool = try Spool(beside: path)
    self.path = path
    self.encoder = encoder
    self.spool = spool
  }

  // MARK: Objects

  /// Adds an auxiliary file.
  public mutating func addAuxiliary(name: String, _ bytes: Span<UInt8>) throws(BSTKError) {
    try addObject(
      ObjectRecord(name: name, contents: .auxiliary(byteCount: UInt64(bytes.count)))
    ) { range throws(BSTKError) in
      // SAFETY: the buffer is read only during the call, while the span is valid.
      unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
    }
  }

  /// Adds a dense tensor, whose bytes are asked for tile by tile.
  ///
  /// - Parameter bytes: Returns the little-endian row-major bytes of the given range.
  public mutating func addTensor(
    name: String, type: ElementType, dimensions: [Int],
    bytes: (Range<Int>) throws(BSTKError) -> [UInt8]
  ) throws(BSTKError) {
    try addObject(
      ObjectRecord(name: name, contents: .tensor(type, dimensions: dimensions)), bytes: bytes)
  }

  private mutating func addObject(
    _ record: ObjectRecord, bytes: (Range<Int>) throws(BSTKError) -> [UInt8]
  ) throws(BSTKError) {
    try record.validate()
    var object = Object(record: record)
    var position = 0
    for tile in 0..<record.tileCount {
      let count = record.byteCount(ofTile: tile)
      let payload = try bytes(position..<(position + count))
      precondition(payload.count == count, "a tile has the length that was asked for")
      let chunk = try encoder.encode(payload.span, record.layout(ofTile: tile))
      object.tiles.append(try spool(chunk))
      position += count
    }
    objects.append(object)
  }

  mutating func spool(_ chunk: EncodedChunk) throws(BSTKError) -> Entry {
    Entry(
      codec: chunk.codec, digest: chunk.digest, storedByteCount: chunk.stored.count,
      spoolOffset: try spool.append(chunk.stored.span))
  }
}
