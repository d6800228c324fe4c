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
  private struct Entry {
    let record: ChunkRecord
    let spoolOffset: UInt64

    func moved(to contents: ChunkRecord.Contents) -> Entry {
      Entry(
        record: ChunkRecord(
          digest: record.digest, storedByteCount: record.storedByteCount, codec: record.codec,
          contents: contents),
        spoolOffset: spoolOffset)
    }
  }

  private struct Object {
    let record: ObjectRecord
    var tiles: [Entry] = []
  }

  private struct Matrix {
    let name: String
    let sourceType: ElementType
    let rows: Int
    let columns: Int
    var blocks: [Entry] = []
    var worths: [Float?] = []
  }

  private let path: String
  private let encoder: ChunkEncoder
  private var spool: Spool
  private var objects: [Object] = []
  private var matrices: [Matrix] = []

  /// Starts a file; nothing appears under `path` before ``finish(stack:extensions:)``.
  ///
  /// - Throws: `IO` when the folder cannot be written to.
  public init(
    _ path: String, compressionLevel: Int = ChunkEncoder.defaultLevel
  ) throws(BSTKError) {
    let encoder = try ChunkEncoder(level: compressionLevel)
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
      object.tiles.append(
        try spoolChunk(
          payload.span, elementByteCount: record.elementByteCount, planeStart: 0,
          contents: .tile(object: 0)))
      position += count
    }
    objects.append(object)
  }

  // MARK: Matrices

  /// Announces a matrix and returns its handle.
  public mutating func addMatrix(
    name: String, sourceType: ElementType, rows: Int, columns: Int
  ) -> Int {
    matrices.append(Matrix(name: name, sourceType: sourceType, rows: rows, columns: columns))
    return matrices.count - 1
  }

  /// Adds the next level of a matrix.
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
    let level = matrices[matrix].blocks.count
    let layout = try BlockLayout(
      rows: matrices[matrix].rows, columns: matrices[matrix].columns, rank: rank, vectors: vectors)
    try layout.validate(payload, chunk: 0)
    let entry = try spoolChunk(
      payload, elementByteCount: vectors.elementByteCount, planeStart: layout.u.lowerBound,
      contents: .block(matrix: matrix, level: level, rank: rank, vectors: vectors))
    matrices[matrix].blocks.append(entry)
    matrices[matrix].worths.append(worth)
    return SpooledBlock(
      matrix: matrix, level: level, storedByteCount: entry.record.storedByteCount, worth: worth)
  }

  private mutating func spoolChunk(
    _ payload: Span<UInt8>, elementByteCount: Int, planeStart: Int,
    contents: ChunkRecord.Contents
  ) throws(BSTKError) -> Entry {
    let chunk = try encoder.encode(
      payload, planeStart: planeStart, elementByteCount: elementByteCount)
    let offset = try spool.append(chunk.stored.span)
    return Entry(
      record: ChunkRecord(
        digest: chunk.digest, storedByteCount: chunk.stored.count, codec: chunk.codec,
        contents: contents),
      spoolOffset: offset)
  }

  // MARK: Finishing

  /// Assembles and publishes the file.
  ///
  /// - Parameters:
  ///   - stack: Every block above level 0 as (matrix handle, level), best first, levels of a
  ///     matrix ascending.
  ///   - extensions: Provenance and quality; the worths are taken from the blocks.
  ///   - progress: Called after each chunk with the chunks written and those in all.
  /// - Returns: The manifest of the published file.
  /// - Throws: ``BSTKError``; nothing appears under the final name then.
  public consuming func finish(
    stack: [(matrix: Int, level: Int)], extensions: IndexExtensions = IndexExtensions(),
    progress: (_ written: Int, _ total: Int) throws(BSTKError) -> Void = { _, _ in }
  ) throws(BSTKError) -> Manifest {
    let (entries, worths, records) = try arrangedEntries(stack)
    var extensions = extensions
    let known = worths.compactMap(\.self)
    extensions.worths = known.count == worths.count && !known.isEmpty ? known : nil
    let start = try Manifest(
      matrices: records.matrices, objects: records.objects, chunks: entries.map(\.record),
      extensions: extensions
    ).serialized()
    // What is published is what a reader makes of these bytes.
    let manifest = try Manifest(opening: start.span)
    var output = try AtomicOutput(path)
    try output.append(start.span)
    for (index, entry) in entries.enumerated() {
      try output.pad(to: manifest.chunkOffset(index))
      let stored = try spool.read(
        at: entry.spoolOffset, count: entry.record.storedByteCount)
      try output.append(stored.span)
      try progress(index + 1, entries.count)
    }
    try output.commit()
    return manifest
  }

  private func arrangedEntries(
    _ stack: [(matrix: Int, level: Int)]
  ) throws(BSTKError) -> (
    [Entry], [Float?], (matrices: [MatrixRecord], objects: [ObjectRecord])
  ) {
    let objects = objects.sorted { $0.record.precedes($1.record) }
    let handles = matrices.indices.sorted {
      matrices[$0].name.utf8.lexicographicallyPrecedes(matrices[$1].name.utf8)
    }
    var numbers = [Int](repeating: 0, count: matrices.count)
    for (number, handle) in handles.enumerated() { numbers[handle] = number }

    var entries: [Entry] = []
    for (number, object) in objects.enumerated() {
      for tile in object.tiles { entries.append(tile.moved(to: .tile(object: number))) }
    }
    var worths: [Float?] = []
    for (matrix, level) in handles.map({ ($0, 0) }) + stack {
      guard matrices.indices.contains(matrix), matrices[matrix].blocks.indices.contains(level)
      else {
        throw BSTKError(.order, "the stack names a block that was never added")
      }
      let entry = matrices[matrix].blocks[level]
      guard case .block(_, _, let rank, let vectors) = entry.record.contents else { continue }
      entries.append(
        entry.moved(
          to: .block(matrix: numbers[matrix], level: level, rank: rank, vectors: vectors)))
      worths.append(matrices[matrix].worths[level])
    }
    let matrixRecords = handles.map { handle in
      MatrixRecord(
        name: matrices[handle].name, sourceType: matrices[handle].sourceType,
        rows: matrices[handle].rows, columns: matrices[handle].columns,
        levelCount: matrices[handle].blocks.count)
    }
    return (entries, worths, (matrixRecords, objects.map(\.record)))
  }
}
