/// A stretch of the file that is hashed, compressed and transferred as one
/// (Spec section "Chunk table").
public struct ChunkRecord: Hashable, Sendable {
  /// Bytes of a record.
  static let byteCount = 48

  /// What a chunk carries.
  public enum Contents: Hashable, Sendable {
    /// A tile of the object with this number; tiles of an object follow each other in order.
    case tile(object: Int)
    /// A block: one level of the matrix with this number. A level that has no vectors of its own
    /// has rank 0 and no vector type.
    case block(matrix: Int, level: Int, rank: Int, vectors: VectorType?)
  }

  /// SHA-256 of the stored bytes.
  public var digest: Digest
  /// Bytes in the file.
  public var storedByteCount: Int
  /// How the stored bytes become the payload.
  public var codec: ChunkCodec
  /// What the chunk carries.
  public let contents: Contents

  /// Makes a record; its numbers are checked when a ``Manifest`` is made of it.
  public init(digest: Digest, storedByteCount: Int, codec: ChunkCodec, contents: Contents) {
    self.digest = digest
    self.storedByteCount = storedByteCount
    self.codec = codec
    self.contents = contents
  }

  /// Whether the chunk is a block of a matrix.
  public var isBlock: Bool {
    if case .block = contents { true } else { false }
  }
}

extension ChunkRecord {
  private static let tileKind: UInt8 = 1
  private static let blockKind: UInt8 = 2

  init(_ reader: inout ByteReader) throws(BSTKError) {
    let start = reader.offset
    func fault(_ code: BSTKError.Code, _ message: String, at delta: UInt64) -> BSTKError {
      BSTKError(code, message, offset: start + delta, section: .chunkTable)
    }
    digest = try reader.digest()
    let stored = try reader.u32()
    let codecByte = try reader.u8()
    let kind = try reader.u8()
    let level = try reader.u16()
    let owner = try reader.u32()
    let rank = try reader.u16()
    let vectorByte = try reader.u8()
    try reader.zeros(1)
    guard stored > 0 else {
      throw fault(.chunkLength, "a chunk has at least one byte", at: 32)
    }
    guard UInt64(stored) <= Limits.chunkByteCount else {
      throw fault(.limit, "\(stored) bytes; the limit is \(Limits.chunkByteCount)", at: 32)
    }
    storedByteCount = Int(stored)
    guard let codec = ChunkCodec(rawValue: codecByte) else {
      throw fault(.unknownKind, "unknown chunk codec \(codecByte)", at: 36)
    }
    self.codec = codec
    switch kind {
    case Self.tileKind:
      guard level == 0, rank == 0, vectorByte == 0 else {
        throw fault(.reserved, "unused fields of a tile must be zero", at: 38)
      }
      contents = .tile(object: Int(owner))
    case Self.blockKind:
      let vectors = VectorType(rawValue: vectorByte)
      guard vectors != nil || vectorByte == 0 else {
        throw fault(.unknownKind, "unknown vector type \(vectorByte)", at: 46)
      }
      contents = .block(
        matrix: Int(owner), level: Int(level), rank: Int(rank), vectors: vectors)
    default:
      throw fault(.unknownKind, "unknown chunk kind \(kind)", at: 37)
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.digest(digest)
    writer.u32(UInt32(storedByteCount))
    writer.u8(codec.rawValue)
    switch contents {
    case .tile(let object):
      writer.u8(Self.tileKind)
      writer.u16(0)
      writer.u32(UInt32(object))
      writer.zeros(4)
    case .block(let matrix, let level, let rank, let vectors):
      writer.u8(Self.blockKind)
      writer.u16(UInt16(level))
      writer.u32(UInt32(matrix))
      writer.u16(UInt16(rank))
      writer.u8(vectors?.rawValue ?? 0)
      writer.u8(0)
    }
  }
}
