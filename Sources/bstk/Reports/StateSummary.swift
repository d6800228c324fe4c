internal import BSTKFormat

/// A prefix state for machines and for people.
struct StateSummary: Encodable, Equatable {
  /// The Spec's word, such as `PREFIX`.
  let state: String
  /// Whole chunks here and in the complete file.
  let chunks: Int
  let chunksTotal: Int
  /// Blocks of matrices here and in the complete file.
  let blocks: Int
  let blocksTotal: Int
  /// Bytes of an unfinished chunk behind the last whole one.
  let tailBytes: UInt64
  /// The state as the Spec writes it, such as `PREFIX(12)+TAIL(40)`.
  let text: String

  private enum CodingKeys: String, CodingKey {
    case state, chunks, chunksTotal, blocks, blocksTotal, tailBytes
  }

  /// - Parameter chunkCount: Whole chunks, by length or by hash.
  init(_ state: PrefixState, chunkCount: Int, of manifest: Manifest) {
    switch state {
    case .complete: (self.state, tailBytes) = ("COMPLETE", 0)
    case .prefix(_, let tail): (self.state, tailBytes) = ("PREFIX", tail)
    case .tooShort: (self.state, tailBytes) = ("TOO_SHORT", 0)
    case .overlong(let extra): (self.state, tailBytes) = ("OVERLONG", extra)
    }
    text = state.description
    chunks = chunkCount
    chunksTotal = manifest.chunks.count
    blocks = manifest.blockCount(ofChunks: chunkCount)
    blocksTotal = manifest.blockCount
  }
}
