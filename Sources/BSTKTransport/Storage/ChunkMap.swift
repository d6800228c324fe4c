import BSTKFormat

/// What the engine knows of a file: pieces in file order, each with a digest. A piece is a chunk
/// with the padding before it, so that pieces lie end to end.
struct ChunkMap: Sendable {
  struct Piece: Sendable {
    /// Padding and chunk.
    let range: Range<Int>
    /// Where the chunk begins; zeros lie before.
    let hashStart: Int
    /// SHA-256 of the chunk.
    let digest: Digest

    /// The chunk's bytes, without the padding.
    var chunkByteCount: Int { range.upperBound - hashStart }
  }

  let pieces: [Piece]
  /// Where header and index end and the first piece begins.
  let manifestEnd: Int

  /// The chunks of a manifest. Its limits keep every offset below 2^53.
  init(_ manifest: Manifest) {
    manifestEnd = Int(manifest.header.indexEnd)
    var position = manifestEnd
    pieces = manifest.chunks.indices.map { index in
      let start = Int(manifest.chunkOffset(index))
      let end = start + manifest.chunks[index].storedByteCount
      defer { position = end }
      return Piece(
        range: position..<end, hashStart: start, digest: manifest.chunks[index].digest)
    }
  }

  /// Where the first `count` pieces end.
  func end(ofPieces count: Int) -> Int {
    count == 0 ? manifestEnd : pieces[count - 1].range.upperBound
  }

  /// The first piece that ends after `offset`, or the number of pieces.
  func piece(endingAfter offset: Int) -> Int {
    var low = 0
    var high = pieces.count
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].range.upperBound > offset { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
