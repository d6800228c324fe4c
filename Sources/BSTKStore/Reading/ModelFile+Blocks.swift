public import BSTKCodec
public import BSTKFormat

extension ModelFile {
  /// The payload of chunk `index`, verified and decoded.
  ///
  /// A mirrored plane costs the reading and decoding of its matrix's first plane as well; to decode
  /// several levels of a matrix use ``forEachBlock(ofMatrix:levels:decoder:_:)``, which does that
  /// once.
  ///
  /// - Throws: ``BSTKError``; `TOO_SHORT` when the prefix ends before.
  public func payload(
    ofChunk index: Int, decoder: borrowing ChunkDecoder
  ) throws(BSTKError) -> [UInt8] {
    guard let first = manifest.firstPlaneChunk(ofChunk: index) else {
      return try payload(ofChunk: index, firstPlane: nil, decoder: decoder)
    }
    let firstPlane = try payload(ofChunk: first, firstPlane: nil, decoder: decoder)
    return try payload(ofChunk: index, firstPlane: firstPlane, decoder: decoder)
  }

  /// Lends the decoded blocks of matrix `number` one after the other, levels ascending.
  ///
  /// Memory holds two payloads at most: a block and the first plane.
  ///
  /// - Parameters:
  ///   - levels: Which levels are wanted; those that the prefix lacks are left out.
  ///   - body: Takes a level, its chunk and its payload.
  public func forEachBlock(
    ofMatrix number: Int, levels: Range<Int> = 0..<Int.max, decoder: borrowing ChunkDecoder,
    _ body: (_ level: Int, _ chunk: Int, _ payload: [UInt8]) throws(BSTKError) -> Void
  ) throws(BSTKError) {
    let chunks = blockChunks(ofMatrix: number)
    var firstPlane: [UInt8]?
    for level in levels.clamped(to: 0..<chunks.count) {
      let chunk = chunks[level]
      if firstPlane == nil, let first = manifest.firstPlaneChunk(ofChunk: chunk) {
        firstPlane = try payload(ofChunk: first, firstPlane: nil, decoder: decoder)
      }
      let payload = try payload(ofChunk: chunk, firstPlane: firstPlane, decoder: decoder)
      if level == 0 { firstPlane = payload }
      try body(level, chunk, payload)
    }
  }

  private func payload(
    ofChunk index: Int, firstPlane: [UInt8]?, decoder: borrowing ChunkDecoder
  ) throws(BSTKError) -> [UInt8] {
    let stored = try source.bytes(
      at: manifest.chunkOffset(index), count: manifest.chunks[index].storedByteCount)
    return try decoder.decode(
      stored.span, chunk: index, of: manifest, firstPlane: firstPlane?.span)
  }

  /// The numbers of the chunks that hold the blocks of matrix `number` in this prefix, by level.
  public func blockChunks(ofMatrix number: Int) -> [Int] {
    let available = chunkCount
    return Array(manifest.blockChunks(ofMatrix: number).prefix { $0 < available })
  }
}
