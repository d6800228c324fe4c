internal import BSTKFormat

extension Manifest {
  /// The blocks above the base as (matrix number, level), in the file's order.
  var stack: [(matrix: Int, level: Int)] {
    chunks.dropFirst(baseChunkCount).compactMap { chunk in
      guard case .block(let matrix, let level, _, _) = chunk.contents else { return nil }
      return (matrix, level)
    }
  }

  /// The worth of every block by matrix number and level, or nil where the file says none.
  var worthsByLevel: [[Float]]? {
    guard let worths = extensions.worths else { return nil }
    var next = worths.makeIterator()
    var levels: [[Float]] = matrices.map { [Float](repeating: 0, count: $0.levelCount) }
    for chunk in chunks {
      guard case .block(let matrix, let level, _, _) = chunk.contents else { continue }
      levels[matrix][level] = next.next() ?? 0
    }
    return levels
  }
}
