import BSTKCodec
import BSTKFormat
import BSTKStore

extension FetchEngine {
  /// Publishes the output under its name.
  func complete(_ manifest: Manifest) throws(BSTKError) -> FetchSummary {
    abandonTransfers()
    announce()
    if let files {
      try store?.drain()
      // A flush that failed meanwhile is a message; the next one may well succeed without the data.
      takeMessages()
      if let fatal { throw fatal }
      if let output = files.output {
        try grow(output, files)
      } else if let partial = files.partial {
        // Chunks of an earlier, larger budget that follow without a gap stay.
        try partial.truncate(to: files.map.end(ofPieces: watermark))
        try partial.synchronize()
        try FileSystem.rename(partial.path, to: request.output)
      }
      store = nil
      if files.partial != nil {
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

  /// Copies the verified chunks that an existing output lacks, in file order.
  private func grow(_ path: String, _ files: OutputPlan) throws(BSTKError) {
    guard let partial = files.partial else { return }
    let output = try OutputFile(path, .update)
    for index in 0..<watermark where !files.local.inOutput.contains(index) {
      try output.copy(files.map.pieces[index].range, from: partial)
    }
    // Bytes of an unfinished chunk may lie behind the new end; whole chunks stay.
    let end = files.map.end(ofPieces: watermark)
    let length = try output.byteCount()
    let follower = watermark < files.map.pieces.count ? files.map.end(ofPieces: watermark + 1) : end
    if length > end, length < follower { try output.truncate(to: end) }
    try output.synchronize()
    try FileSystem.remove(partial.path)
  }
}
