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
  public var tileCount: Int { directory.tileCount }

  /// The levels of each matrix among the first `chunkCount` chunks.
  public func levelCounts(ofChunks chunkCount: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: matrices.count)
    for chunk in chunks.prefix(chunkCount) {
      if case .block(let matrix, _, _, _) = chunk.contents { counts[matrix] += 1 }
    }
    return counts
  }

  /// What the payload of chunk `index` is made of.
  public func layout(ofChunk index: Int) -> ChunkLayout { layouts[index] }

  /// The decoded bytes of chunk `index`.
  public func payloadByteCount(ofChunk index: Int) -> Int { layouts[index].byteCount }

  /// The number of the chunk without which chunk `index` cannot be decoded: level 0 of its matrix,
  /// when its plane is stored mirrored. It stands before chunk `index` in every prefix.
  public func firstPlaneChunk(ofChunk index: Int) -> Int? {
    switch chunks[index].codec {
    case .raw, .zstd, .zstdPlanes: return nil
    case .zstdMirrored:
      guard case .block(let matrix, _, _, _) = chunks[index].contents else {
        preconditionFailure("a manifest has no mirrored tiles")
      }
      return directory.blocks(ofMatrix: matrix).first
    }
  }

  /// The number of the first chunk of object `number`.
  public func firstTile(ofObject number: Int) -> Int { directory.firstTiles[number] }

  /// The numbers of the chunks that hold the blocks of matrix `number`, by level; they ascend.
  public func blockChunks(ofMatrix number: Int) -> ArraySlice<Int> {
    directory.blocks(ofMatrix: number)
  }
}
