import BSTKCodec
import BSTKFormat

/// The hash of one piece, fed in order; padding before the chunk must be zero.
struct PieceHasher {
  let piece: ChunkMap.Piece
  /// The next byte to feed.
  private(set) var position: Int
  private var hasher = SHA256Hasher()
  private var paddingIsZero = true
  /// The chunk's bytes so far, where they are kept.
  private(set) var keptBytes: [UInt8]?

  init(_ piece: ChunkMap.Piece, keepsBytes: Bool = false) {
    self.piece = piece
    position = piece.range.lowerBound
    guard keepsBytes else { return }
    keptBytes = []
    keptBytes?.reserveCapacity(min(piece.chunkByteCount, 16 << 20))
  }

  var isComplete: Bool { position == piece.range.upperBound }

  /// Feeds the bytes at ``position``.
  ///
  /// - Precondition: They do not reach behind the piece.
  mutating func update(_ bytes: Span<UInt8>) {
    let padding = min(max(piece.hashStart - position, 0), bytes.count)
    for index in 0..<padding where bytes[index] != 0 { paddingIsZero = false }
    let chunk = bytes.extracting(padding..<bytes.count)
    hasher.update(chunk)
    // SAFETY: the buffer is read only during the call, while the span is valid.
    unsafe chunk.withUnsafeBufferPointer { unsafe keptBytes?.append(contentsOf: $0) }
    position += bytes.count
  }

  /// Whether everything fed is what the manifest says.
  func matches() -> Bool { paddingIsZero && hasher.finalized() == piece.digest }
}
