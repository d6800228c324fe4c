public import BSTKCodec
public import BSTKFormat

extension ModelWriter {
  /// Announces a matrix, or some rows of one that is stored in parts, and returns its handle.
  ///
  /// Parts of a tensor have the same name, kind, source type and columns, and leave out no row.
  ///
  /// - Parameters:
  ///   - firstRow: The row of the tensor with which the part begins.
  ///   - rows: Rows of the part.
  ///   - baseLevelCount: The levels that belong to the base; ``setBaseLevelCount(_:ofMatrix:)`` may
  ///     change it.
  ///   - outlierCount: Entries of the sparse list in level 0 of nested planes.
  public mutating func addMatrix(
    name: String, sourceType: ElementType, firstRow: Int = 0, rows: Int, columns: Int,
    kind: MatrixKind = .signBlocks, baseLevelCount: Int = 1, outlierCount: Int = 0
  ) -> Int {
    let record = MatrixRecord(
      name: name, sourceType: sourceType, firstRow: firstRow, rows: rows, columns: columns,
      kind: kind, levelCount: 0, outlierCount: outlierCount)
    matrices.append(Matrix(announced: record, baseLevelCount: baseLevelCount))
    return matrices.count - 1
  }

  /// Says how many levels of a matrix belong to the base.
  public mutating func setBaseLevelCount(_ count: Int, ofMatrix matrix: Int) {
    matrices[matrix].baseLevelCount = count
  }

  /// Adds the next level of a matrix of sign blocks.
  ///
  /// - Parameters:
  ///   - matrix: The handle.
  ///   - payload: The block as ``BlockLayout`` lays it out.
  ///   - worth: What the block is worth, for the index; the index has worths only when every block
  ///     has one.
  /// - Returns: The block as it waits in the spool.
  public mutating func addBlock(
    matrix: Int, rank: Int, vectors: VectorType, payload: Span<UInt8>, worth: Float? = nil
  ) throws(BSTKError) -> SpooledBlock {
    try addBlock(matrix, rank, vectors, payload, firstPlane: nil, worth)
  }

  /// Adds level 0 of a matrix of nested planes.
  ///
  /// - Parameters:
  ///   - matrix: The handle.
  ///   - vectors: How u and v are stored.
  ///   - payload: The block as ``FirstPlaneLayout`` lays it out.
  ///   - worth: As for sign blocks.
  public mutating func addFirstPlane(
    matrix: Int, vectors: VectorType, payload: Span<UInt8>, worth: Float? = nil
  ) throws(BSTKError) -> SpooledBlock {
    try addBlock(matrix, 1, vectors, payload, firstPlane: nil, worth)
  }

  /// Adds the next level of a matrix of nested planes.
  ///
  /// - Parameters:
  ///   - matrix: The handle.
  ///   - payload: The block as ``RefinementLayout`` lays it out.
  ///   - firstPlane: The payload of level 0, or the plane at its start; by it the new plane is
  ///     mirrored where that makes it shorter.
  ///   - worth: As for sign blocks.
  public mutating func addRefinement(
    matrix: Int, payload: Span<UInt8>, firstPlane: Span<UInt8>, worth: Float? = nil
  ) throws(BSTKError) -> SpooledBlock {
    try addBlock(matrix, 0, nil, payload, firstPlane: firstPlane, worth)
  }

  private mutating func addBlock(
    _ matrix: Int, _ rank: Int, _ vectors: VectorType?, _ payload: Span<UInt8>,
    firstPlane: Span<UInt8>?, _ worth: Float?
  ) throws(BSTKError) -> SpooledBlock {
    let layout = try layout(ofNextLevelOf: matrix, rank: rank, vectors: vectors)
    try layout.validate(payload, chunk: 0)
    let chunk = try encoder.encode(payload, layout, firstPlane: firstPlane)
    return try add(chunk, matrix, rank, vectors, worth)
  }

  /// Adds the next level of a matrix whose chunk a ``ChunkEncoder`` has encoded elsewhere, from a
  /// payload that obeys the layout of this level.
  ///
  /// - Parameters:
  ///   - rank: 0 for levels above 0 of nested planes.
  ///   - vectors: nil for levels above 0 of nested planes.
  public mutating func addEncodedBlock(
    _ chunk: EncodedChunk, matrix: Int, rank: Int, vectors: VectorType?, worth: Float? = nil
  ) throws(BSTKError) -> SpooledBlock {
    _ = try layout(ofNextLevelOf: matrix, rank: rank, vectors: vectors)
    return try add(chunk, matrix, rank, vectors, worth)
  }

  private func layout(
    ofNextLevelOf matrix: Int, rank: Int, vectors: VectorType?
  ) throws(BSTKError) -> ChunkLayout {
    try matrices[matrix].announced.layout(
      ofLevel: matrices[matrix].blocks.count, rank: rank, vectors: vectors)
  }

  private mutating func add(
    _ chunk: EncodedChunk, _ matrix: Int, _ rank: Int, _ vectors: VectorType?, _ worth: Float?
  ) throws(BSTKError) -> SpooledBlock {
    let level = matrices[matrix].blocks.count
    let entry = try spool(chunk)
    matrices[matrix].blocks.append(
      Block(entry: entry, rank: rank, vectors: vectors, worth: worth))
    return SpooledBlock(
      matrix: matrix, level: level, storedByteCount: chunk.stored.count, worth: worth)
  }
}
