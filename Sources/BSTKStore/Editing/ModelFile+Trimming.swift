public import BSTKFormat

extension ModelFile {
  /// Shortens the file at `path` in place to the largest cut within `budget`.
  ///
  /// Truncation is atomic for readers: before and after it the file is a valid prefix.
  ///
  /// - Returns: The cut. A file that is within the budget already loses only its tail.
  /// - Throws: `TOO_SHORT`, `BUDGET_TOO_SMALL`, `FLAG`, `BUSY` or `IO`.
  @discardableResult
  public static func trim(_ path: String, to budget: Budget) throws(BSTKError) -> Cut {
    let target = try FileSource(path, .update)
    try target.handle.lock()
    let cut = try ModelFile(target).trimmedCut(budget)
    try target.handle.truncate(to: cut.fileByteCount)
    try target.handle.synchronize()
    return cut
  }

  /// Writes the largest cut within `budget` to a new file.
  ///
  /// - Throws: `TOO_SHORT`, `BUDGET_TOO_SMALL`, `FLAG` or `IO`; nothing appears under `path` then.
  public func copy(within budget: Budget, to path: String) throws(BSTKError) -> Cut {
    let cut = try trimmedCut(budget)
    var output = try AtomicOutput(path)
    let step: UInt64 = 1 << 20
    while output.byteCount < cut.fileByteCount {
      let count = min(step, cut.fileByteCount - output.byteCount)
      let bytes = try source.bytes(at: output.byteCount, count: Int(count))
      try output.append(bytes.span)
    }
    try output.commit()
    return cut
  }

  /// The largest cut within `budget` that this prefix holds.
  ///
  /// - Throws: `TOO_SHORT`, `BUDGET_TOO_SMALL` or `FLAG`.
  public func trimmedCut(_ budget: Budget) throws(BSTKError) -> Cut {
    try requireWritable()
    if case .tooShort = state { try requireUsable() }
    let wanted = try manifest.cut(within: budget)
    return wanted.chunkCount <= chunkCount ? wanted : manifest.cut(afterChunks: chunkCount)
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
