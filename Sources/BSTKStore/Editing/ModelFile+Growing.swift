internal import BSTKCodec
public import BSTKFormat

extension ModelFile {
  /// Appends to the file at `path` the chunks it lacks up to the cut within `budget`, taken from a
  /// longer prefix of the same file; damaged chunks count as lacking.
  ///
  /// Every chunk is verified before it is written, and written behind the verified end, so readers
  /// see a valid prefix at all times and an interruption loses nothing. A file that holds the cut
  /// already stays as it is.
  ///
  /// - Returns: The cut within `budget`, or the file's own when that is larger.
  /// - Throws: `ROOT_DIGEST` when the two are not the same file, `TOO_SHORT` when `source` does not
  ///   hold the cut, `FLAG`, `BUSY`, and what verification throws.
  @discardableResult
  public static func grow(
    _ path: String, from source: ModelFile, to budget: Budget
  ) throws(BSTKError) -> Cut {
    let target = try FileSource(path, .update)
    try target.handle.lock()
    let file = try ModelFile(target)
    guard file.manifest.header == source.manifest.header else {
      throw BSTKError(
        .rootDigest, "\(path) is not a prefix of the source: their root digests differ",
        offset: 0, section: .header, remedy: "fetch the model anew under another name")
    }
    try file.requireWritable()
    let manifest = file.manifest
    let cut = try manifest.cut(within: budget)
    let first = try file.verify(hashesOnly: true).verifiedChunkCount
    guard first < cut.chunkCount else { return manifest.cut(afterChunks: first) }
    guard source.chunkCount >= cut.chunkCount else {
      throw BSTKError(
        .tooShort, "the source holds \(source.chunkCount) of \(cut.chunkCount) chunks",
        offset: source.byteCount, section: .tail, remedy: "take a longer source")
    }
    try file.append(first..<cut.chunkCount, from: source, to: target.handle)
    // Whole chunks behind the cut are kept: only a damaged one before it had to be replaced.
    if file.chunkCount <= cut.chunkCount { try target.handle.truncate(to: cut.fileByteCount) }
    try target.handle.synchronize()
    return cut
  }

  private func append(
    _ range: Range<Int>, from source: ModelFile, to handle: borrowing FileHandle
  ) throws(BSTKError) {
    var position = manifest.byteCount(ofChunks: range.lowerBound)
    for index in range {
      let start = manifest.chunkOffset(index)
      let stored = try source.source.bytes(
        at: start, count: manifest.chunks[index].storedByteCount)
      try manifest.verify(stored.span, chunk: index)
      // The padding is written too: a tail of another length may have left bytes there.
      let padded = [UInt8](repeating: 0, count: Int(start - position)) + stored
      try handle.write(padded.span, at: position)
      position = manifest.chunkEnd(index)
    }
  }
}
