internal import BSTKFormat
internal import BSTKTransport

/// An event of a fetch as JSON. Every object has `event`; the other keys depend on it:
///
/// - `opened`: output, root_digest, file_bytes (of the cut), chunks, blocks, present_bytes
/// - `progress`: stored_bytes, total_bytes, chunks, blocks, bytes_per_second, connections; at most
///   one a second, and the last before `done`
/// - `verified`: chunks, file_bytes
/// - `retry`: code, message, delay_seconds
/// - `warning`: message
/// - `done`: output, root_digest, file_bytes, cut_bytes (what the budget buys, as at `opened`; a
///   file that was larger stays so), chunks, blocks, payload_bytes, wasted_bytes, header_bytes,
///   requests, connections, damaged_chunks
///
/// Where the publisher measured quality, quality and quality_metric stand beside chunks: what a
/// model of the largest measured prefix within that many chunks is worth.
struct FetchEventReport: Encodable {
  private(set) var event = ""
  private(set) var output: String?
  private(set) var rootDigest: String?
  private(set) var fileBytes: UInt64?
  private(set) var cutBytes: UInt64?
  private(set) var presentBytes: UInt64?
  private(set) var storedBytes: UInt64?
  private(set) var totalBytes: UInt64?
  private(set) var chunks: Int?
  private(set) var blocks: Int?
  private(set) var bytesPerSecond: Double?
  private(set) var connections: Int?
  private(set) var code: String?
  private(set) var message: String?
  private(set) var delaySeconds: Double?
  private(set) var payloadBytes: UInt64?
  private(set) var wastedBytes: UInt64?
  private(set) var headerBytes: UInt64?
  private(set) var requests: Int?
  private(set) var damagedChunks: Int?
  private(set) var quality: Double?
  private(set) var qualityMetric: String?

  init(_ event: FetchEvent, output: String, opening: FetchOpening?) {
    switch event {
    case .opened(let opening):
      self.event = "opened"
      self.output = output
      rootDigest = opening.rootDigest.hex
      fileBytes = opening.cut.fileByteCount
      chunks = opening.cut.chunkCount
      blocks = opening.cut.blockCount
      presentBytes = opening.presentByteCount
    case .progress(let progress):
      self.event = "progress"
      storedBytes = progress.storedByteCount
      totalBytes = progress.totalByteCount
      chunks = progress.verifiedChunkCount
      blocks = progress.verifiedBlockCount
      bytesPerSecond = progress.bytesPerSecond.rounded()
      connections = progress.connectionCount
    case .verified(let chunkCount, let fileByteCount):
      self.event = "verified"
      chunks = chunkCount
      fileBytes = fileByteCount
    case .retry(let error, let delay):
      self.event = "retry"
      code = error.code.rawValue
      message = error.message
      delaySeconds = (delay * 1000).rounded() / 1000
    case .warning(let text):
      self.event = "warning"
      message = text
    case .done(let summary):
      self.event = "done"
      self.output = output
      rootDigest = summary.rootDigest.hex
      fileBytes = summary.fileByteCount
      cutBytes = opening?.cut.fileByteCount
      chunks = summary.chunkCount
      blocks = summary.blockCount
      payloadBytes = summary.payloadByteCount
      wastedBytes = summary.wastedByteCount
      headerBytes = summary.headerByteCount
      requests = summary.requestCount
      connections = summary.connectionCount
      damagedChunks = summary.damagedChunkCount
    }
    let table = opening?.manifest.extensions.quality
    quality = chunks.flatMap { table?.value(atChunkCount: $0) }
    qualityMetric = quality == nil ? nil : table?.metric.name
  }
}
