internal import BSTKStore

/// The order of blocks whose worths need not fall from level to level.
///
/// Of each matrix the lower convex hull of loss over bytes is taken; the levels of one edge stand
/// together, since the first of them alone is not worth its bytes. Edges are sorted by the loss that
/// they take away per byte.
enum HullOrder {
  /// A matrix with the losses of its prefixes.
  struct Matrix {
    /// Its handle.
    let handle: Int
    /// Levels that stand in the base, at least 1.
    let baseLevelCount: Int
    /// Bytes in the file, level by level.
    let byteCounts: [Int]
    /// The loss that remains with each number of levels, from none on.
    let losses: [Double]
  }

  private struct Edge {
    let matrix: Int
    let levels: Range<Int>
    let slope: Double
  }

  /// The blocks above the base as (matrix handle, level), best first.
  static func stack(_ matrices: [Matrix]) -> [(matrix: Int, level: Int)] {
    let edges = matrices.flatMap(edges).sorted { left, right in
      left.slope == right.slope
        ? (left.matrix, left.levels.lowerBound) < (right.matrix, right.levels.lowerBound)
        : left.slope > right.slope
    }
    return edges.flatMap { edge in edge.levels.map { (edge.matrix, $0) } }
  }

  private static func edges(_ matrix: Matrix) -> [Edge] {
    var edges: [Edge] = []
    var level = matrix.baseLevelCount
    while level < matrix.byteCounts.count {
      var best = (end: level + 1, slope: -Double.infinity)
      var byteCount = 0
      for end in level + 1...matrix.byteCounts.count {
        byteCount += matrix.byteCounts[end - 1]
        let slope = (matrix.losses[level] - matrix.losses[end]) / Double(max(byteCount, 1))
        // Of equal slopes the longer edge, so that slopes fall strictly.
        if slope >= best.slope { best = (end, slope) }
      }
      edges.append(Edge(matrix: matrix.handle, levels: level..<best.end, slope: best.slope))
      level = best.end
    }
    return edges
  }
}
