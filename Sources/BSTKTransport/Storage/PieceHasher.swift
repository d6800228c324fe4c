import BSTKCodec
import BSTKFormat

/// The hash of one piece, fed in order; padding before the chunk must be zero.
struct PieceHasher {
  let piece: ChunkMap.Piece
  /// The next byte to feed.
  private(set) var position: Int
  private var hasher = SHA256Hasher()
  private var paddingIsZero = true

  init(_ piece: ChunkMap.Piece) {
    self.piece = piece
    position = piece.range.lowerBound
  }

  var isComplete: Bool { position == piece.range.upperBound }

  /// Feeds the bytes at ``position``.
  ///
  /// - Precondition: They do not reach behind the piece.
  mutating func update(_ bytes: Span<UInt8>) {
    let padding = min(max(piece.hashStart - position, 0), bytes.count)
    for index in 0..<padding where bytes[index] != 0 { paddingIsZero = false }
    hasher.update(bytes.extracting(padding..<bytes.count))
    position += bytes.count
  }

  /// Whether everything fed is what the manifest says.
  func matches() -> Bool { paddingIsZero && hasher.finalized() == piece.digest }
}
