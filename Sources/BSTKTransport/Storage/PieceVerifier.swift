import BSTKCodec
import BSTKFormat
import BSTKStore

/// Hashes the pieces of a file as their bytes are stored.
///
/// Bytes of a piece that arrive in order are hashed while they are still in the cache; bytes that
/// arrived ahead (a large chunk shared by several connections) are read back from the page cache
/// once the bytes before them are there.
struct PieceVerifier {
  /// What is known of a piece once all of it is stored.
  enum Finding {
    /// It matches its digest.
    case verified(Int)
    /// It does not, and its bytes count as missing again.
    case damaged(Damage)
  }

  /// A piece that does not match its digest.
  struct Damage: Sendable {
    let index: Int
    let range: Range<Int>
    /// How many of its bytes this run received; the others an earlier run stored.
    let receivedByteCount: Int

    /// Whether the server may not be to blame.
    var isOurs: Bool { receivedByteCount < range.count }
  }

  /// What an earlier run stored and nothing has shown to be damaged.
  private(set) var resumed: ByteRangeSet
  private let map: ChunkMap
  private let file: OutputFile
  /// Where verified bytes go that a consumer waits for.
  private let kept: KeptChunks?
  private var stored: ByteRangeSet
  private var verified: Set<Int>
  private var hashers: [Int: PieceHasher] = [:]

  init(map: ChunkMap, file: OutputFile, local: LocalState, kept: KeptChunks?) {
    self.map = map
    self.file = file
    self.kept = kept
    resumed = local.present
    stored = local.present
    verified = local.verified
  }

  /// Feeds the hashers of the pieces that a stored range touches: from the buffer it came in while
  /// its bytes are next, otherwise from the file.
  mutating func advance(
    over range: Range<Int>, in buffer: ReceiveBuffer?
  ) throws(BSTKError) -> [Finding] {
    stored.insert(range)
    var findings: [Finding] = []
    var index = map.piece(endingAfter: range.lowerBound)
    while index < map.pieces.count, map.pieces[index].range.lowerBound < range.upperBound {
      defer { index += 1 }
      if verified.contains(index) { continue }
      let piece = map.pieces[index]
      var hasher =
        hashers.removeValue(forKey: index)
        ?? PieceHasher(piece, keepsBytes: kept?.reserve(piece.chunkByteCount) ?? false)
      if let buffer, range.contains(hasher.position) {
        let end = min(range.upperBound, piece.range.upperBound)
        hasher.update(
          buffer.bytes.extracting(
            (hasher.position - buffer.offset)..<(end - buffer.offset)))
      }
      try readBack(&hasher)
      if hasher.isComplete {
        findings.append(finish(index, hasher))
      } else if hasher.position > piece.range.lowerBound {
        hashers[index] = hasher
      } else if hasher.keptBytes != nil {
        kept?.release(piece.chunkByteCount)
      }
    }
    return findings
  }

  private func readBack(_ hasher: inout PieceHasher) throws(BSTKError) {
    let end = min(stored.runEnd(at: hasher.position), hasher.piece.range.upperBound)
    while hasher.position < end {
      let part = try file.bytes(at: hasher.position, count: min(1 << 18, end - hasher.position))
      guard !part.isEmpty else {
        throw BSTKError(
          .io, "\(file.path) ends at byte \(hasher.position): somebody made it shorter",
          offset: UInt64(hasher.position), remedy: "run the same command again")
      }
      hasher.update(part.span)
    }
  }

  private mutating func finish(_ index: Int, _ hasher: PieceHasher) -> Finding {
    if hasher.matches() {
      verified.insert(index)
      if let bytes = hasher.keptBytes { kept?.keep(bytes, ofChunk: index) }
      return .verified(index)
    }
    if hasher.keptBytes != nil { kept?.release(hasher.piece.chunkByteCount) }
    let range = hasher.piece.range
    let receivedByteCount = resumed.gaps(in: range).reduce(0) { $0 + $1.count }
    stored.remove(range)
    resumed.remove(range)
    return .damaged(Damage(index: index, range: range, receivedByteCount: receivedByteCount))
  }
}
