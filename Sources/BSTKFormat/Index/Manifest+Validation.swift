extension Manifest {
  /// Joins header and tables after checking each against the others.
  init(
    header: Header, matrices: [MatrixRecord], objects: [ObjectRecord], chunks: [ChunkRecord],
    extensions: IndexExtensions
  ) throws(BSTKError) {
    let tables = Tables(matrices: matrices, objects: objects, chunks: chunks)
    try tables.checkNames()
    try tables.checkRecords()
    let baseChunkCount = try tables.checkBase()
    try tables.checkStack(from: baseChunkCount)
    layouts = try tables.layouts()
    try extensions.validate(
      blockCount: chunks.count - objects.reduce(0) { $0 + $1.tileCount },
      chunkCounts: baseChunkCount...chunks.count)

    self.header = header
    self.matrices = matrices
    self.objects = objects
    self.chunks = chunks
    self.extensions = extensions
    matrixTensors = MatrixTensor.tensors(of: matrices)
    self.baseChunkCount = baseChunkCount
    chunkOffsets = Self.offsets(of: chunks, indexEnd: header.indexEnd)
    directory = ChunkDirectory(matrices: matrices, objects: objects, chunks: chunks)
    guard chunkEnd(baseChunkCount - 1) == header.baseEnd else {
      throw BSTKError(
        .layout,
        "the base ends at \(chunkEnd(baseChunkCount - 1)) by the index, at \(header.baseEnd)"
          + " by the header", offset: 48, section: .header)
    }
    guard chunkEnd(chunks.count - 1) == header.storedByteCount else {
      throw BSTKError(
        .layout,
        "the file has \(chunkEnd(chunks.count - 1)) bytes by the index, \(header.storedByteCount)"
          + " by the header", offset: 56, section: .header)
    }
  }

  /// At most 2^18 chunks of at most 2^27 bytes: no sum can wrap.
  private static func offsets(of chunks: [ChunkRecord], indexEnd: UInt64) -> [UInt64] {
    let alignment = UInt64(Limits.chunkAlignment)
    var position = indexEnd
    return chunks.map { chunk in
      let start = position.roundedUp(to: alignment)
      position = start + UInt64(chunk.storedByteCount)
      return start
    }
  }

  /// The tables on their way into a manifest.
  private struct Tables {
    let matrices: [MatrixRecord]
    let objects: [ObjectRecord]
    let chunks: [ChunkRecord]

    func offset(ofMatrix index: Int) -> UInt64 {
      UInt64(Limits.headerByteCount + index * MatrixRecord.byteCount)
    }

    func offset(ofObject index: Int) -> UInt64 {
      offset(ofMatrix: matrices.count) + UInt64(index * ObjectRecord.byteCount)
    }

    func offset(ofChunk index: Int) -> UInt64 {
      offset(ofObject: objects.count) + UInt64(index * ChunkRecord.byteCount)
    }

    func fault(
      _ code: BSTKError.Code, _ message: String, chunk index: Int, field: UInt64 = 0
    ) -> BSTKError {
      BSTKError(code, message, offset: offset(ofChunk: index) + field, section: .chunkTable)
    }

    /// Both tables are sorted by the bytes of their names, which makes uniqueness a comparison of
    /// neighbours; only parts of a matrix share a name. No tensor may have that of a matrix, and the
    /// auxiliary files must be able to stand in one folder of any file system.
    func checkNames() throws(BSTKError) {
      for (index, pair) in zip(matrices, matrices.dropFirst()).enumerated()
      where !pair.0.name.utf8.lexicographicallyPrecedes(pair.1.name.utf8)
        && (pair.1.firstRow == 0 || pair.0.name != pair.1.name)
      {
        throw BSTKError(
          .name, "matrix names must ascend; \(pair.1.name) follows \(pair.0.name)",
          offset: offset(ofMatrix: index + 1), section: .matrixTable)
      }
      for (index, pair) in zip(objects, objects.dropFirst()).enumerated() {
        guard pair.0.precedes(pair.1) else {
          throw BSTKError(
            .name, "objects must ascend by kind and name; \(pair.1.name) follows \(pair.0.name)",
            offset: offset(ofObject: index + 1), section: .objectTable)
        }
      }
      let names = Set(matrices.lazy.map(\.name))
      for (index, object) in objects.enumerated() {
        if case .tensor = object.contents, names.contains(object.name) {
          throw BSTKError(
            .name, "\(object.name) is both a matrix and a tensor", offset: offset(ofObject: index),
            section: .objectTable)
        }
      }
      let files = objects.prefix { $0.kind == ObjectRecord.auxiliaryKind }.map(\.name)
      if let (index, fault) = NameRules.collision(among: files) {
        throw BSTKError(
          .name, "\(files[index]) \(fault)", offset: offset(ofObject: index), section: .objectTable)
      }
    }

    func checkRecords() throws(BSTKError) {
      for (index, matrix) in matrices.enumerated() {
        try matrix.validate(
          after: index > 0 ? matrices[index - 1] : nil, at: offset(ofMatrix: index))
      }
      var tileCount = 0
      for (index, object) in objects.enumerated() {
        try object.validate(at: offset(ofObject: index))
        // 2^16 objects of at most 2^18 tiles each: no sum can wrap.
        tileCount += object.tileCount
      }
      let blockCount = matrices.reduce(0) { $0 + $1.levelCount }
      guard tileCount + blockCount == chunks.count else {
        throw BSTKError(
          .table,
          "the tables call for \(tileCount + blockCount) chunks, the file has \(chunks.count)",
          offset: 72, section: .header)
      }
    }

    /// The base is canonical: the tiles of every object in table order, then the first levels of
    /// every matrix in table order.
    func checkBase() throws(BSTKError) -> Int {
      var next = 0
      for (number, object) in objects.enumerated() {
        for _ in 0..<object.tileCount {
          guard chunks[next].contents == .tile(object: number) else {
            throw fault(
              .layout, "chunk \(next) must be a tile of \(object.name)", chunk: next, field: 37)
          }
          next += 1
        }
      }
      for (number, matrix) in matrices.enumerated() {
        for level in 0..<matrix.baseLevelCount {
          guard case .block(number, level, _, _) = chunks[next].contents else {
            throw fault(
              .layout, "chunk \(next) must be level \(level) of \(matrix.name)", chunk: next,
              field: 37)
          }
          next += 1
        }
      }
      return next
    }

    func checkStack(from start: Int) throws(BSTKError) {
      var nextLevel = matrices.map(\.baseLevelCount)
      for index in start..<chunks.count {
        guard case .block(let matrix, let level, _, _) = chunks[index].contents else {
          throw fault(
            .layout, "chunk \(index) is a tile behind the base", chunk: index, field: 37)
        }
        guard matrix < matrices.count else {
          throw fault(
            .table, "chunk \(index) belongs to matrix \(matrix) of \(matrices.count)",
            chunk: index, field: 40)
        }
        guard level == nextLevel[matrix] else {
          throw fault(
            .order,
            "chunk \(index) is level \(level) of \(matrices[matrix].name), level"
              + " \(nextLevel[matrix]) is next", chunk: index, field: 38)
        }
        guard level < matrices[matrix].levelCount else {
          throw fault(
            .order,
            "chunk \(index) is level \(level) of \(matrices[matrix].name), which has"
              + " \(matrices[matrix].levelCount)", chunk: index, field: 38)
        }
        nextLevel[matrix] = level + 1
      }
    }

    /// The layout of every chunk, each stored length compared with it.
    func layouts() throws(BSTKError) -> [ChunkLayout] {
      var layouts: [ChunkLayout] = []
      layouts.reserveCapacity(chunks.count)
      var tile = (object: -1, index: 0)
      for (index, chunk) in chunks.enumerated() {
        let layout: ChunkLayout
        switch chunk.contents {
        case .tile(let object):
          tile = object == tile.object ? (object, tile.index + 1) : (object, 0)
          layout = objects[object].layout(ofTile: tile.index)
        case .block(let matrix, let level, let rank, let vectors):
          layout = try matrices[matrix].layout(
            ofLevel: level, rank: rank, vectors: vectors, errorOffset: offset(ofChunk: index) + 44)
        }
        try check(chunk, index: index, layout: layout)
        layouts.append(layout)
      }
      return layouts
    }

    private func check(
      _ chunk: ChunkRecord, index: Int, layout: ChunkLayout
    ) throws(BSTKError) {
      let payload = layout.byteCount
      switch chunk.codec {
      case .raw:
        guard chunk.storedByteCount == payload else {
          throw fault(
            .chunkLength,
            "raw chunk \(index) has \(chunk.storedByteCount) bytes, its contents \(payload)",
            chunk: index, field: 32)
        }
      case .zstd, .zstdPlanes, .zstdMirrored:
        guard chunk.storedByteCount < payload else {
          throw fault(
            .chunkLength,
            "compressed chunk \(index) has \(chunk.storedByteCount) bytes, its contents \(payload)",
            chunk: index, field: 32)
        }
        guard UInt64(payload) <= UInt64(chunk.storedByteCount) * Limits.compressionRatio else {
          throw fault(
            .ratio,
            "chunk \(index) expands \(chunk.storedByteCount) bytes to \(payload); the limit is"
              + " \(Limits.compressionRatio) to 1", chunk: index, field: 32)
        }
      }
      guard layout.allows(chunk.codec) else {
        throw fault(
          .unknownKind, "chunk \(index) cannot have the codec \(chunk.codec.name)", chunk: index,
          field: 36)
      }
    }
  }
}
