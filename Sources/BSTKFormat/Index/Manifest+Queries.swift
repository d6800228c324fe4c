extension Manifest {
  /// The offset of the first byte of chunk `index`.
  public func chunkOffset(_ index: Int) -> UInt64 { chunkOffsets[index] }

  /// The offset of the first byte after chunk `index`.
  public func chunkEnd(_ index: Int) -> UInt64 {
    chunkOffsets[index] + UInt64(chunks[index].storedByteCount)
  }

  /// The bytes of a prefix of `chunkCount` whole chunks; zero chunks are header and index alone.
  public func byteCount(ofChunks chunkCount: Int) -> UInt64 {
    chunkCount == 0 ? header.indexEnd : chunkEnd(chunkCount - 1)
  }

  /// The whole chunks in the first `byteCount` bytes of the file.
  public func chunkCount(inBytes byteCount: UInt64) -> Int {
    var low = 0
    var high = chunks.count
    while low < high {
      let middle = (low + high) / 2
      if chunkEnd(middle) <= byteCount { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The blocks of matrices among the first `chunkCount` chunks.
  public func blockCount(ofChunks chunkCount: Int) -> Int {
    max(chunkCount - tileCount, 0)
  }

  /// The blocks of matrices in the complete file.
  public var blockCount: Int { chunks.count - tileCount }

  /// The chunks that are tiles of objects; they stand before all blocks.
  public var tileCount: Int { baseChunkCount - matrices.count }

  /// The levels of each matrix among the first `chunkCount` chunks.
  public func levelCounts(ofChunks chunkCount: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: matrices.count)
    for chunk in chunks.prefix(chunkCount) {
      if case .block(let matrix, _, _, _) = chunk.contents { counts[matrix] += 1 }
    }
    return counts
  }

  /// The layout of a block's payload, or nil when chunk `index` is a tile.
  public func blockLayout(ofChunk index: Int) -> BlockLayout? {
    guard case .block(let matrix, _, let rank, let vectors) = chunks[index].contents else {
      return nil
    }
    // Every block was laid out when the manifest was validated.
    return try? BlockLayout(
      rows: matrices[matrix].rows, columns: matrices[matrix].columns, rank: rank,
      vectors: vectors)
  }

  /// The decoded bytes of chunk `index`.
  public func payloadByteCount(ofChunk index: Int) -> Int {
    switch chunks[index].contents {
    case .block: return blockLayout(ofChunk: index)?.byteCount ?? 0
    case .tile(let object):
      return objects[object].byteCount(ofTile: index - firstTile(ofObject: object))
    }
  }

  /// The number of the first chunk of object `number`.
  public func firstTile(ofObject number: Int) -> Int { directory.firstTiles[number] }

  /// The numbers of the chunks that hold the blocks of matrix `number`, by level; they ascend.
  public func blockChunks(ofMatrix number: Int) -> ArraySlice<Int> {
    directory.blocks(ofMatrix: number)
  }

  /// The bytes at the start of chunk `index`'s payload that plane splitting leaves alone, and the
  /// element size of the rest (Spec section "Byte planes").
  public func planes(ofChunk index: Int) -> (start: Int, elementByteCount: Int) {
    switch chunks[index].contents {
    case .tile(let object): (0, objects[object].elementByteCount)
    case .block(_, _, _, let vectors):
      (blockLayout(ofChunk: index)?.u.lowerBound ?? 0, vectors.elementByteCount)
    }
  }
}
