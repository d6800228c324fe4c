/// A weight matrix coded in levels, each a block, or some rows of one: a tensor may be stored in
/// several parts, each with levels of its own (Spec section "Matrix table").
public struct MatrixRecord: Hashable, Sendable {
  /// Bytes of a record.
  static let byteCount = 32

  /// The tensor's name in the model, such as `model.layers.0.self_attn.q_proj.weight`.
  public let name: String
  /// The type the matrix had before it was coded; exporters return to it by default.
  public let sourceType: ElementType
  /// The row of the tensor with which this part begins; 0 for the first part and for a whole tensor.
  public let firstRow: Int
  /// Output features, of this part.
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
    name: String, sourceType: ElementType, firstRow: Int = 0, rows: Int, columns: Int,
    kind: MatrixKind = .signBlocks, levelCount: Int, baseLevelCount: Int = 1,
    outlierCount: Int = 0
  ) {
    self.name = name
    self.sourceType = sourceType
    self.firstRow = firstRow
    self.rows = rows
    self.columns = columns
    self.kind = kind
    self.levelCount = levelCount
    self.baseLevelCount = baseLevelCount
    self.outlierCount = outlierCount
  }

  /// Elements of the matrix.
  public var elementCount: Int { rows * columns }

  /// The rows of the tensor that this part holds.
  public var tensorRows: Range<Int> { firstRow..<(firstRow + rows) }

  /// Whether this is the part of a tensor that follows `previous`.
  func continues(_ previous: MatrixRecord) -> Bool {
    firstRow == previous.tensorRows.upperBound && name == previous.name && kind == previous.kind
      && sourceType == previous.sourceType && columns == previous.columns
  }
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
      let firstRow = try reader.u32()
      try reader.zeros(8)
      unnamed = MatrixRecord(
        name: "", sourceType: source, firstRow: Int(firstRow), rows: Int(rows),
        columns: Int(columns), kind: kind,
        levelCount: Int(levelCount), baseLevelCount: Int(baseLevelCount),
        outlierCount: Int(outlierCount))
    }

    func named(_ name: String) -> MatrixRecord {
      MatrixRecord(
        name: name, sourceType: unnamed.sourceType, firstRow: unnamed.firstRow,
        rows: unnamed.rows, columns: unnamed.columns, kind: unnamed.kind,
        levelCount: unnamed.levelCount, baseLevelCount: unnamed.baseLevelCount,
        outlierCount: unnamed.outlierCount)
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
    writer.u32(UInt32(firstRow))
    writer.zeros(8)
  }

  /// - Parameters:
  ///   - previous: The record before this one, which is valid.
  ///   - offset: Where this one stands in the file.
  func validate(after previous: MatrixRecord?, at offset: UInt64) throws(BSTKError) {
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
    // An own check of the sum follows, so nothing is added to a part that does not fit.
    guard firstRow == 0 || previous.map(continues) == true else {
      throw BSTKError(
        .shape, "row \(firstRow) of \(name) does not go on where a part of the same tensor ends",
        offset: offset + 20, section: .matrixTable)
    }
    guard tensorRows.upperBound <= limit else {
      throw BSTKError(
        .limit, "the parts of \(name) have \(tensorRows.upperBound) rows; the limit is \(limit)",
        offset: offset + 20, section: .matrixTable)
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
