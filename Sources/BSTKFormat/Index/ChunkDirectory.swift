/// Where the chunks of each object and each matrix stand, so that no question about one of them
/// walks the whole chunk table.
struct ChunkDirectory: Hashable, Sendable {
  /// The first tile of each object; one entry more than there are objects.
  let firstTiles: [Int]
  /// Where each matrix begins in ``blocks``; one entry more than there are matrices.
  private let firstBlocks: [Int]
  /// The chunk numbers of all blocks, by matrix, then by level.
  private let blocks: [Int]

  /// Builds the directory of tables that have been checked against each other.
  init(matrices: [MatrixRecord], objects: [ObjectRecord], chunks: [ChunkRecord]) {
    var firstTiles = [0]
    firstTiles.reserveCapacity(objects.count + 1)
    for object in objects { firstTiles.append((firstTiles.last ?? 0) + object.tileCount) }
    var firstBlocks = [0]
    firstBlocks.reserveCapacity(matrices.count + 1)
    for matrix in matrices { firstBlocks.append((firstBlocks.last ?? 0) + matrix.levelCount) }
    var blocks = [Int](repeating: 0, count: firstBlocks.last ?? 0)
    for (index, chunk) in chunks.enumerated() {
      if case .block(let matrix, let level, _, _) = chunk.contents {
        blocks[firstBlocks[matrix] + level] = index
      }
    }
    self.firstTiles = firstTiles
    self.firstBlocks = firstBlocks
    self.blocks = blocks
  }

  /// The tiles of all objects.
  var tileCount: Int { firstTiles[firstTiles.count - 1] }

  /// The chunk numbers of the blocks of matrix `number`, by level.
  func blocks(ofMatrix number: Int) -> ArraySlice<Int> {
    blocks[firstBlocks[number]..<firstBlocks[number + 1]]
  }
}
