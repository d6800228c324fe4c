/// A weight matrix coded in levels, each a block (Spec section "Matrix table").
public struct MatrixRecord: Hashable, Sendable {
  /// Bytes of a record.
  static let byteCount = 32

  /// The tensor's name in the model, such as `model.layers.0.self_attn.q_proj.weight`.
  public let name: String
  /// The type the matrix had before it was coded; exporters return to it by default.
  public let sourceType: ElementType
  /// Output features.
  public let rows: Int
  /// Input features.
  public let columns: Int
  /// How the levels make up the matrix.
  public let kind: MatrixKind
  /// Blocks of the matrix in the complete file, 1 to ``MatrixKind/levelLimit``.
  public let levelCount: Int
  /// Levels that belong to the base, 1 to ``levelCount``.
  public let baseLevelCount: Int
  /// Entries of the sparse list that level 0 of nested planes carries; 0 for sign blocks.
  public let outlierCount: Int

  /// Makes a record; its numbers are checked when a ``Manifest`` is made of it.
  public init(
    name: String, sourceType: ElementType, rows: Int, columns: Int,
    kind: MatrixKind = .signBlocks, levelCount: Int, baseLevelCount: Int = 1,
    outlierCount: Int = 0
  ) {
    self.name = name
    self.sourceType = sourceType
    self.rows = rows
    self.columns = columns
    self.kind = kind
    self.levelCount = levelCount
    self.baseLevelCount = baseLevelCount
    self.outlierCount = outlierCount
  }

  /// Elements of the matrix.
  public var elementCount: Int { rows * columns }
}

extension MatrixRecord {
  /// A record whose name is still in the pool.
  struct Raw {
    let nameByteCount: UInt16
    private let unnamed: MatrixRecord

    init(_ reader: inout ByteReader) throws(BSTKError) {
      let start = reader.offset
      nameByteCount = try reader.u16()
      let kindByte = try reader.u8()
      guard let kind = MatrixKind(rawValue: kindByte) else {
        throw BSTKError(
          .unknownKind, "unknown matrix kind \(kindByte)", offset: start + 2,
          section: .matrixTable)
      }
      let type = try reader.u8()
      guard let source = ElementType(rawValue: type), source.isMatrixSource else {
        throw BSTKError(
          .unknownKind, "unknown source type \(type) of a matrix", offset: start + 3,
          section: .matrixTable)
      }
      let (rows, columns) = (try reader.u32(), try reader.u32())
      let (levelCount, baseLevelCount) = (try reader.u16(), try reader.u16())
      let outlierCount: UInt32
      switch kind {
      case .signBlocks:
        try reader.zeros(4)
        outlierCount = 0
      case .nestedPlanes: outlierCount = try reader.u32()
      }
      try reader.zeros(12)
      unnamed = MatrixRecord(
        name: "", sourceType: source, rows: Int(rows), columns: Int(columns), kind: kind,
        levelCount: Int(levelCount), baseLevelCount: Int(baseLevelCount),
        outlierCount: Int(outlierCount))
    }

    func named(_ name: String) -> MatrixRecord {
      MatrixRecord(
        name: name, sourceType: unnamed.sourceType, rows: unnamed.rows, columns: unnamed.columns,
        kind: unnamed.kind, levelCount: unnamed.levelCount,
        baseLevelCount: unnamed.baseLevelCount, outlierCount: unnamed.outlierCount)
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.u16(UInt16(name.utf8.count))
    writer.u8(kind.rawValue)
    writer.u8(sourceType.rawValue)
    writer.u32(UInt32(rows))
    writer.u32(UInt32(columns))
    writer.u16(UInt16(levelCount))
    writer.u16(UInt16(baseLevelCount))
    writer.u32(UInt32(outlierCount))
    writer.zeros(12)
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
    switch kind {
    case .signBlocks:
      guard outlierCount == 0 else {
        throw BSTKError(
          .reserved, "matrix \(name) is made of sign blocks, which have no outliers",
          offset: offset + 16, section: .matrixTable)
      }
    case .nestedPlanes:
      guard elementCount <= Int(Limits.nestedElementCount) else {
        throw BSTKError(
          .limit,
          "matrix \(name) has \(elementCount) elements; the limit is \(Limits.nestedElementCount)",
          offset: offset + 4, section: .matrixTable)
      }
    }
    guard (1...kind.levelLimit).contains(levelCount) else {
      throw BSTKError(
        .limit, "matrix \(name) has \(levelCount) levels; 1 to \(kind.levelLimit) are allowed",
        offset: offset + 12, section: .matrixTable)
    }
    guard (1...levelCount).contains(baseLevelCount) else {
      throw BSTKError(
        .limit,
        "matrix \(name) has \(baseLevelCount) levels in the base; 1 to \(levelCount) are allowed",
        offset: offset + 14, section: .matrixTable)
    }
    guard (0...elementCount).contains(outlierCount) else {
      throw BSTKError(
        .shape, "matrix \(name) has \(outlierCount) outliers among \(elementCount) elements",
        offset: offset + 16, section: .matrixTable)
    }
  }
}
