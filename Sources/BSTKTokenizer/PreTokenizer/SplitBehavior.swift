/// What becomes of the matches a text is split at.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  /// A stretch of text that is a match or lies between matches.
  struct Piece {
    var range: Range<Int>
    let isMatch: Bool
  }

  /// Appends the ranges that `pieces`, which cover a text without gaps, leave.
  func apply(to pieces: [Piece], into out: inout [Range<Int>]) {
    switch self {
    case .removed:
      for piece in pieces where !piece.isMatch { out.append(piece.range) }
    case .isolated:
      for piece in pieces { out.append(piece.range) }
    case .contiguous:
      let first = out.count
      for (index, piece) in pieces.enumerated() {
        if index > 0, pieces[index - 1].isMatch == piece.isMatch, out.count > first {
          out[out.count - 1] = out[out.count - 1].lowerBound..<piece.range.upperBound
        } else {
          out.append(piece.range)
        }
      }
    case .mergedWithPrevious:
      for (index, piece) in pieces.enumerated() {
        if piece.isMatch, index > 0, !pieces[index - 1].isMatch {
          out[out.count - 1] = out[out.count - 1].lowerBound..<piece.range.upperBound
        } else {
          out.append(piece.range)
        }
      }
    case .mergedWithNext:
      var joined: Int?
      for (index, piece) in pieces.enumerated() {
        if piece.isMatch, index + 1 < pieces.count, !pieces[index + 1].isMatch {
          joined = piece.range.lowerBound
        } else {
          out.append((joined ?? piece.range.lowerBound)..<piece.range.upperBound)
          joined = nil
        }
      }
    }
  }
}
