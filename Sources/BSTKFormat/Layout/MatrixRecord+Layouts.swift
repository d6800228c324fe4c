extension MatrixRecord {
  /// The layout of a block of this matrix.
  ///
  /// - Parameters:
  ///   - rank: As the chunk table states it; 0 for levels above 0 of nested planes.
  ///   - vectors: As the chunk table states it; nil for levels above 0 of nested planes.
  ///   - errorOffset: Where the rank stands in the file, for error messages.
  /// - Throws: `SHAPE`, `LIMIT`, `UNKNOWN_KIND` or `RESERVED` when the kind of the matrix has no
  ///   such block.
  public func layout(
    ofLevel level: Int, rank: Int, vectors: VectorType?, errorOffset: UInt64? = nil
  ) throws(BSTKError) -> ChunkLayout {
    func fault(_ code: BSTKError.Code, _ message: String, at delta: UInt64 = 0) -> BSTKError {
      BSTKError(
        code, "level \(level) of \(name) \(message)", offset: errorOffset.map { $0 + delta },
        section: .chunkTable)
    }
    switch kind {
    case .signBlocks:
      try BlockLayout.requireRank(rank, rows: rows, columns: columns, errorOffset: errorOffset)
      guard let vectors else { throw fault(.unknownKind, "has no vector type", at: 2) }
      return .signBlock(
        try BlockLayout(
          rows: rows, columns: columns, rank: rank, vectors: vectors, errorOffset: errorOffset))
    case .nestedPlanes where level == 0:
      guard rank == 1 else { throw fault(.shape, "must have rank 1, not \(rank)") }
      guard let vectors else { throw fault(.unknownKind, "has no vector type", at: 2) }
      return .firstPlane(
        try FirstPlaneLayout(
          plane: plane, vectors: vectors, outlierCount: outlierCount, errorOffset: errorOffset))
    case .nestedPlanes:
      guard rank == 0 else { throw fault(.shape, "has no vectors, so no rank \(rank)") }
      guard vectors == nil else { throw fault(.reserved, "has no vectors to have a type", at: 2) }
      return .refinement(try RefinementLayout(plane: plane, errorOffset: errorOffset))
    }
  }

  /// The layout of level 0 of a matrix of nested planes.
  ///
  /// - Precondition: the kind is ``MatrixKind/nestedPlanes``.
  /// - Throws: `LIMIT` when the payload would be longer than a chunk may be.
  public func firstPlaneLayout(vectors: VectorType) throws(BSTKError) -> FirstPlaneLayout {
    precondition(kind == .nestedPlanes, "only nested planes have a first plane")
    return try FirstPlaneLayout(plane: plane, vectors: vectors, outlierCount: outlierCount)
  }

  /// The layout of all other levels of a matrix of nested planes.
  ///
  /// - Precondition: the kind is ``MatrixKind/nestedPlanes``.
  /// - Throws: `LIMIT` when the payload would be longer than a chunk may be.
  public func refinementLayout() throws(BSTKError) -> RefinementLayout {
    precondition(kind == .nestedPlanes, "only nested planes are refined")
    return try RefinementLayout(plane: plane)
  }

  private var plane: BitPlane { BitPlane(rows: rows, columns: columns) }
}
