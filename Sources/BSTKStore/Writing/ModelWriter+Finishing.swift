internal import BSTKCodec
public import BSTKFormat

extension ModelWriter {
  /// Assembles and publishes the file.
  ///
  /// - Parameters:
  ///   - stack: Every block above the base as (matrix handle, level), best first, levels of a
  ///     matrix ascending.
  ///   - extensions: Provenance and quality; the worths are taken from the blocks.
  ///   - progress: Called after each chunk with the chunks written and those in all.
  /// - Returns: The manifest of the published file.
  /// - Throws: ``BSTKError``; nothing appears under the final name then.
  public consuming func finish(
    stack: [(matrix: Int, level: Int)], extensions: IndexExtensions = IndexExtensions(),
    progress: (_ written: Int, _ total: Int) throws(BSTKError) -> Void = { _, _ in }
  ) throws(BSTKError) -> Manifest {
    let tables = try arranged(stack)
    var extensions = extensions
    let known = tables.worths.compactMap(\.self)
    extensions.worths = known.count == tables.worths.count && !known.isEmpty ? known : nil
    let start = try Manifest(
      matrices: tables.matrices, objects: tables.objects, chunks: tables.chunks,
      extensions: extensions
    ).serialized()
    // What is published is what a reader makes of these bytes.
    let manifest = try Manifest(opening: start.span)
    var output = try AtomicOutput(path)
    try output.append(start.span)
    for (index, chunk) in tables.chunks.enumerated() {
      try output.pad(to: manifest.chunkOffset(index))
      let stored = try spool.read(
        at: tables.spoolOffsets[index], count: chunk.storedByteCount)
      try output.append(stored.span)
      try progress(index + 1, tables.chunks.count)
    }
    try output.commit()
    return manifest
  }

  /// The tables of the file, chunks in file order.
  private struct Tables {
    var matrices: [MatrixRecord] = []
    var objects: [ObjectRecord] = []
    var chunks: [ChunkRecord] = []
    /// Where each chunk waits.
    var spoolOffsets: [UInt64] = []
    /// The worth of each block, where it has one.
    var worths: [Float?] = []

    mutating func append(_ entry: Entry, _ contents: ChunkRecord.Contents) {
      chunks.append(
        ChunkRecord(
          digest: entry.digest, storedByteCount: entry.storedByteCount,
          codec: entry.codec, contents: contents))
      spoolOffsets.append(entry.spoolOffset)
    }
  }

  private func arranged(_ stack: [(matrix: Int, level: Int)]) throws(BSTKError) -> Tables {
    var tables = Tables()
    for (number, object) in objects.sorted(by: { $0.record.precedes($1.record) }).enumerated() {
      tables.objects.append(object.record)
      for tile in object.tiles { tables.append(tile, .tile(object: number)) }
    }
    let handles = matrices.indices.sorted {
      matrices[$0].announced.precedes(matrices[$1].announced)
    }
    tables.matrices = handles.map { matrices[$0].record }
    var numbers = [Int](repeating: 0, count: matrices.count)
    for (number, handle) in handles.enumerated() { numbers[handle] = number }
    let base = handles.flatMap { handle in
      (0..<max(matrices[handle].baseLevelCount, 0)).map { (matrix: handle, level: $0) }
    }
    for (matrix, level) in base + stack {
      guard matrices.indices.contains(matrix), matrices[matrix].blocks.indices.contains(level)
      else { throw BSTKError(.order, "the base or the stack names a block that was never added") }
      let block = matrices[matrix].blocks[level]
      tables.append(
        block.entry,
        .block(
          matrix: numbers[matrix], level: level, rank: block.rank, vectors: block.vectors))
      tables.worths.append(block.worth)
    }
    return tables
  }
}

extension ModelWriter.Matrix {
  /// The record with all levels that were added.
  fileprivate var record: MatrixRecord {
    MatrixRecord(
      name: announced.name, sourceType: announced.sourceType, firstRow: announced.firstRow,
      rows: announced.rows, columns: announced.columns, kind: announced.kind,
      levelCount: blocks.count, baseLevelCount: baseLevelCount,
      outlierCount: announced.outlierCount)
  }
}

extension MatrixRecord {
  /// The order of the table: by the bytes of the name, parts of one tensor by their rows.
  fileprivate func precedes(_ other: MatrixRecord) -> Bool {
    name == other.name
      ? firstRow < other.firstRow : name.utf8.lexicographicallyPrecedes(other.name.utf8)
  }
}
