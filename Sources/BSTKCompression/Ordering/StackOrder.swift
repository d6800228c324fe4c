internal import BSTKStore

/// The order of blocks above level 0 in a file.
enum StackOrder {
  /// Blocks by worth per byte, best first, levels of a matrix ascending.
  ///
  /// Repeatedly takes the best of the matrices' next levels. That is the same as sorting by the
  /// least worth per byte among a block and the levels before it: a block better than its
  /// predecessor follows it at once. Ties go to the matrix added first.
  static func byWorthPerByte(_ blocks: [SpooledBlock]) -> [(matrix: Int, level: Int)] {
    var least: [Int: Double] = [:]
    let ascending = blocks.filter { $0.level > 0 }
      .sorted { ($0.matrix, $0.level) < ($1.matrix, $1.level) }
    let keyed = ascending.map { block in
      let density = Double(block.worth ?? 0) / Double(max(block.storedByteCount, 1))
      let key = min(density, least[block.matrix] ?? .infinity)
      least[block.matrix] = key
      return (block: block, key: key)
    }
    let sorted = keyed.sorted { left, right in
      left.key == right.key
        ? (left.block.matrix, left.block.level) < (right.block.matrix, right.block.level)
        : left.key > right.key
    }
    return sorted.map { ($0.block.matrix, $0.block.level) }
  }
}
