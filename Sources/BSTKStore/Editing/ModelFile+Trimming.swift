public import BSTKFormat

extension ModelFile {
  /// Shortens the file at `path` in place to the largest cut within `budget`.
  ///
  /// Truncation is atomic for readers: before and after it the file is a valid prefix. What is kept
  /// is read once, since damage must not pass for a good model; a damaged file stays as it is.
  ///
  /// - Returns: The cut. A file that is within the budget already loses only its tail.
  /// - Throws: `TOO_SHORT`, `BUDGET_TOO_SMALL`, `CHUNK_HASH`, `PADDING`, `FLAG`, `BUSY` or `IO`.
  @discardableResult
  public static func trim(_ path: String, to budget: Budget) throws(BSTKError) -> Cut {
    let target = try FileSource(path, .update)
    try target.handle.lock()
    let file = try ModelFile(target)
    let cut = try file.trimmedCut(budget)
    for index in 0..<cut.chunkCount { _ = try file.verifiedBytes(ofChunk: index) }
    try target.handle.truncate(to: cut.fileByteCount)
    try target.handle.synchronize()
    return cut
  }

  /// Writes the largest cut within `budget` to a new file.
  ///
  /// - Throws: `TOO_SHORT`, `BUDGET_TOO_SMALL`, `CHUNK_HASH`, `PADDING`, `FLAG` or `IO`; nothing
  ///   appears under `path` then.
  public func copy(within budget: Budget, to path: String) throws(BSTKError) -> Cut {
    let cut = try trimmedCut(budget)
    var output = try AtomicOutput(path)
    // The manifest as it is: one made anew would lose extensions that this release ignores.
    let start = try source.bytes(at: 0, count: Int(manifest.header.indexEnd))
    try output.append(start.span)
    for index in 0..<cut.chunkCount {
      try output.pad(to: manifest.chunkOffset(index))
      let stored = try verifiedBytes(ofChunk: index)
      try output.append(stored.span)
    }
    try output.commit()
    return cut
  }

  /// The largest cut within `budget` that this prefix holds, if it may be written elsewhere.
  ///
  /// - Throws: `TOO_SHORT`, `BUDGET_TOO_SMALL` or `FLAG`.
  public func trimmedCut(_ budget: Budget) throws(BSTKError) -> Cut {
    try requireWritable()
    return try cut(within: budget)
  }

  /// Refuses files with features that forbid this release to trim, grow or copy them.
  ///
  /// - Throws: `FLAG`.
  func requireWritable() throws(BSTKError) {
    guard manifest.header.flags.isWritable else {
      throw BSTKError(
        .flag, "the file has features that this release may read but not change", offset: 24,
        section: .header, remedy: "use a newer release of bstk")
    }
  }
}
