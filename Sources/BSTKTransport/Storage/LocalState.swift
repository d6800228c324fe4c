import BSTKCodec
import BSTKFormat
import BSTKStore

/// What the disk already holds of a file, judged by hashing it: nothing else is believed.
struct LocalState {
  /// Bytes of the partial file that need not be fetched again. Bytes of chunks that are not yet
  /// whole are the journal's word; their hash is checked when they are.
  var present = ByteRangeSet()
  /// Pieces whose hash matches, in the output or in the partial file.
  var verified: Set<Int> = []
  /// Those of them that the existing output holds.
  var inOutput: Set<Int> = []

  /// Hashes the chunks of an existing output.
  mutating func examine(
    output: OutputFile, map: ChunkMap, isCancelled: () -> Bool
  ) throws(BSTKError) {
    let end = try output.byteCount()
    for (index, piece) in map.pieces.enumerated() where piece.range.upperBound <= end {
      if isCancelled() { return }
      if try Self.matches(piece, in: output) {
        verified.insert(index)
        inOutput.insert(index)
      }
    }
  }

  /// Hashes the chunks of a partial file that the output lacks.
  ///
  /// - Parameter journaled: The ranges a journal of the same root claims, or nil without one; then
  ///   every chunk is tried.
  mutating func examine(
    partial: OutputFile, journaled: ByteRangeSet?, map: ChunkMap, isCancelled: () -> Bool
  ) throws(BSTKError) {
    let end = try partial.byteCount()
    for (index, piece) in map.pieces.enumerated() where !verified.contains(index) {
      guard piece.range.lowerBound < end else { break }
      if isCancelled() { return }
      let held = piece.range.lowerBound..<min(piece.range.upperBound, end)
      if held == piece.range, journaled?.contains(held) ?? true {
        if try Self.matches(piece, in: partial) {
          verified.insert(index)
          present.insert(held)
        }
      } else if let journaled {
        // Part of a chunk: kept on the journal's word.
        var position = held.lowerBound
        for gap in journaled.gaps(in: held) {
          present.insert(position..<gap.lowerBound)
          position = gap.upperBound
        }
        present.insert(position..<held.upperBound)
      }
    }
  }

  private static func matches(
    _ piece: ChunkMap.Piece, in file: OutputFile
  ) throws(BSTKError) -> Bool {
    var hasher = PieceHasher(piece)
    var buffer = [UInt8](repeating: 0, count: min(1 << 20, piece.range.count))
    while !hasher.isComplete {
      let wanted = min(buffer.count, piece.range.upperBound - hasher.position)
      if buffer.count > wanted { buffer.removeSubrange(wanted...) }
      var room = buffer.mutableSpan
      guard try file.read(at: hasher.position, into: &room) == wanted else { return false }
      hasher.update(buffer.span)
    }
    return hasher.matches()
  }
}
