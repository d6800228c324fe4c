/// A weight matrix stored as a sum of blocks, one per level (Spec section "Matrix table").
public struct MatrixRecord: Hashable, Sendable {
  /// Bytes of a record.
  static let byteCount = 32
  /// The only kind of version 1.0: residual sign blocks.
  private static let signBlocksKind: UInt8 = 1

  /// The tensor's name in the model, such as `model.layers.0.self_attn.q_proj.weight`.
  public let name: String
  /// The type the matrix had before it was decomposed; exporters return to it by default.
  public let sourceType: ElementType
  /// Output features.
  public let rows: Int
  /// Input features.
  public let columns: Int
  /// Blocks of the matrix in the complete file, 1 to 64.
  public let levelCount: Int

  /// Makes a record; its numbers are checked when a ``Manifest`` is made of it.
  public init(name: String, sourceType: ElementType, rows: Int, columns: Int, levelCount: Int) {
    self.name = name
    self.sourceType = sourceType
    self.rows = rows
    self.columns = columns
    self.levelCount = levelCount
  }

  /// Elements of the matrix.
  public var elementCount: Int { rows * columns }
}

extension MatrixRecord {
  /// A record whose name is still in the pool.
  struct Raw {
    let nameByteCount: UInt16
    let sourceType: ElementType
    let rows: UInt32
    let columns: UInt32
    let levelCount: UInt16

    init(_ reader: inout ByteReader) throws(BSTKError) {
      let start = reader.offset
      nameByteCount = try reader.u16()
      let kind = try reader.u8()
      guard kind == MatrixRecord.signBlocksKind else {
        throw BSTKError(
          .unknownKind, "unknown matrix kind \(kind)", offset: start + 2, section: .matrixTable)
      }
      let type = try reader.u8()
      guard let source = ElementType(rawValue: type), source.isMatrixSource else {
        throw BSTKError(
          .unknownKind, "unknown source type \(type) of a matrix", offset: start + 3,
          section: .matrixTable)
      }
      sourceType = source
      rows = try reader.u32()
      columns = try reader.u32()
      levelCount = try reader.u16()
      try reader.zeros(18)
    }

    func named(_ name: String) -> MatrixRecord {
      MatrixRecord(
        name: name, sourceType: sourceType, rows: Int(rows), columns: Int(columns),
        levelCount: Int(levelCount))
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.u16(UInt16(name.utf8.count))
    writer.u8(Self.signBlocksKind)
    writer.u8(sourceType.rawValue)
    writer.u32(UInt32(rows))
    writer.u32(UInt32(columns))
    writer.u16(UInt16(levelCount))
    writer.zeros(18)
  }

  func validate(at offset: UInt64) throws(BSTKError) {
    let limit = Int(Limits.matrixDimension)
    guard rows > 0, columns > 0 else {
      throw BSTKError(
        .shape, "matrix \(name) is \(rows) × \(columns); both must be positive",
        offset: offset + 4, section: .matrixTable)
    }
    guard rows <= limit, columns <= limit else {
      throw BSTKError(
        .limit, "matrix \(name) is \(rows) × \(columns); the limit is \(limit) each",
        offset: offset + 4, section: .matrixTable)
    }
    guard (1...Int(Limits.levelCount)).contains(levelCount) else {
      throw BSTKError(
        .limit, "matrix \(name) has \(levelCount) levels; 1 to \(Limits.levelCount) are allowed",
        offset: offset + 12, section: .matrixTable)
    }
  }
}
