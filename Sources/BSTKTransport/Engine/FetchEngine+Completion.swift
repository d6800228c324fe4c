import BSTKCodec
import BSTKFormat
import BSTKStore

extension FetchEngine {
  /// Publishes the output under its name.
  func complete(_ manifest: Manifest) throws(BSTKError) -> FetchSummary {
    abandonTransfers()
    announce()
    var keepsPartial = false
    if let files {
      try store?.drain()
      // A flush that failed meanwhile is a message; the next one may well succeed without the data.
      takeMessages()
      if let fatal { throw fatal }
      keepsPartial = isPartialOfUse(files)
      if let output = files.output {
        try grow(output, files)
        if let partial = files.partial, !keepsPartial { try FileSystem.remove(partial.path) }
      } else if let partial = files.partial {
        keepsPartial = try publish(partial, files, keepingIt: keepsPartial)
      }
      if keepsPartial, let partial = files.partial {
        onEvent(.warning("\(partial.path) keeps verified chunks of a larger fetch"))
      }
      store = nil
      if files.partial != nil, !keepsPartial {
        try FileSystem.remove(OutputPlan.journalPath(of: request.output))
      }
    }
    let summary = FetchSummary(
      fileByteCount: manifest.byteCount(ofChunks: watermark), chunkCount: watermark,
      blockCount: manifest.blockCount(ofChunks: watermark), rootDigest: manifest.rootDigest,
      payloadByteCount: UInt64(payloadByteCount),
      wastedByteCount: UInt64(max(0, bodyByteCount - payloadByteCount)),
      headerByteCount: UInt64(headerByteCount), requestCount: requestCount,
      connectionCount: connectionCount, damagedChunkCount: damagedCount)
    reportProgress()
    onEvent(.done(summary))
    return summary
  }

  /// Gives the verified prefix of a partial file the output's name; false when that was the partial
  /// file itself.
  private func publish(
    _ partial: OutputFile, _ files: OutputPlan, keepingIt: Bool
  ) throws(BSTKError) -> Bool {
    // Chunks of an earlier, larger budget that follow without a gap come along.
    let end = files.map.end(ofPieces: watermark)
    if keepingIt {
      var copy: String?
      do throws(BSTKError) { copy = try copyOfPrefix(end, of: partial) } catch {
        onEvent(
          .warning("verified chunks of a larger fetch could not be kept: \(error.message)"))
      }
      if let copy {
        do throws(BSTKError) { try FileSystem.rename(copy, toNew: request.output) } catch {
          try FileSystem.remove(copy)
          throw error
        }
        return true
      }
    }
    try partial.truncate(to: end)
    try partial.synchronize()
    try FileSystem.rename(partial.path, toNew: request.output)
    return false
  }

  /// A copy of the first bytes of a file, safe on the disk under a name beside it.
  private func copyOfPrefix(_ byteCount: Int, of file: OutputFile) throws(BSTKError) -> String {
    let path = OutputPlan.prefixPath(of: request.output)
    do throws(BSTKError) {
      let copy = try OutputFile(path, .updateOrCreate)
      try copy.truncate(to: 0)
      try copy.copy(0..<byteCount, from: file)
      try copy.synchronize()
      return path
    } catch {
      try FileSystem.remove(path)
      throw error
    }
  }

  /// Leaves nothing beside an output to whose growth nothing has come.
  func removeEmptyState() {
    guard let files, files.output != nil, let partial = files.partial, store?.isEmpty ?? false
    else { return }
    // Nobody needs it, and nobody is harmed by it either.
    try? FileSystem.remove(partial.path)
    try? FileSystem.remove(OutputPlan.journalPath(of: request.output))
  }

  /// Copies the verified chunks that an existing output lacks, in file order.
  private func grow(_ path: String, _ files: OutputPlan) throws(BSTKError) {
    let end = files.map.end(ofPieces: watermark)
    // Bytes of an unfinished chunk, or of nothing, may lie behind the end; whole chunks stay.
    let follower =
      watermark < files.map.pieces.count ? files.map.end(ofPieces: watermark + 1) : Int.max
    let length = try OutputFile(path, .read).byteCount()
    let hasTail = length > end && length < follower
    guard files.partial != nil || hasTail else { return }
    let output = try OutputFile(path, .update)
    if let partial = files.partial {
      for index in 0..<watermark where !files.local.inOutput.contains(index) {
        try output.copy(files.map.pieces[index].range, from: partial)
      }
    }
    if hasTail {
      try output.truncate(to: end)
      onEvent(.warning("removed \(length - end) bytes behind the last chunk of \(path)"))
    }
    try output.synchronize()
  }

  /// Whether the partial file holds whole chunks that lie behind the new end, with a gap before.
  private func isPartialOfUse(_ files: OutputPlan) -> Bool {
    files.local.verified.contains { $0 >= watermark && !files.local.inOutput.contains($0) }
  }
}
