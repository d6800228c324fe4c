internal import BSTKCodec
public import BSTKFormat

extension ModelFile {
  /// Appends to the file at `path` the chunks it lacks up to the cut within `budget`, taken from a
  /// longer prefix of the same file.
  ///
  /// Every chunk is verified before it is written, and written behind the verified end, so readers
  /// see a valid prefix at all times and an interruption loses nothing.
  ///
  /// - Returns: The cut the file has afterwards.
  /// - Throws: `ROOT_DIGEST` when the two are not the same file, `TOO_SHORT` when `source` does not
  ///   hold the cut, and what verification throws.
  @discardableResult
  public static func grow(
    _ path: String, from source: ModelFile, to budget: Budget
  ) throws(BSTKError) -> Cut {
    let handle = try FileHandle(path, .update)
    let file = try ModelFile(path)
    guard file.manifest.header == source.manifest.header else {
      throw BSTKError(
        .rootDigest, "\(path) is not a prefix of the source: their root digests differ",
        offset: 0, section: .header, remedy: "fetch the model anew under another name")
    }
    guard file.manifest.header.flags.isWritable else {
      throw BSTKError(
        .flag, "the file has features that this release may read but not change", offset: 24,
        section: .header, remedy: "use a newer release of bstk")
    }
    let manifest = file.manifest
    let cut = try manifest.cut(within: budget)
    let first = try file.verify(hashesOnly: true).verifiedChunkCount
    guard first < cut.chunkCount else {
      return manifest.cut(afterChunks: max(first, manifest.baseChunkCount))
    }
    var position = manifest.byteCount(ofChunks: first)
    for index in first..<cut.chunkCount {
      let start = manifest.chunkOffset(index)
      let stored = try source.source.bytes(
        at: start, count: manifest.chunks[index].storedByteCount)
      try manifest.verify(stored.span, chunk: index)
      // The padding is written too: a tail of another length may have left bytes there.
      let padded = [UInt8](repeating: 0, count: Int(start - position)) + stored
      try handle.write(padded.span, at: position)
      position = manifest.chunkEnd(index)
    }
    if file.chunkCount <= cut.chunkCount, try handle.byteCount() > position {
      try handle.truncate(to: position)
    }
    try handle.synchronize()
    return cut
  }
}
