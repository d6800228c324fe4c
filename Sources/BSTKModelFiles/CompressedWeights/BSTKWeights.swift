public import BSTKFormat
public import BSTKStore

internal import BSTKCodec
package import BSTKNumerics

/// The weights in a `.bstk` file or prefix, reconstructed on demand.
///
/// Chunks are read, verified and decoded when a tensor is asked for; between calls nothing but the
/// index is in memory. Safe to use from several threads.
public final class BSTKWeights: Sendable {
  /// The file.
  public let file: ModelFile
  /// The levels of each matrix that are used, by its number.
  public let levelCounts: [Int]

  private let matrixNumbers: [String: Int]
  private let tensorNumbers: [String: Int]

  /// The file's header and index.
  package var manifest: Manifest { file.manifest }

  /// Wraps a file.
  ///
  /// - Parameter chunkCount: The leading chunks to use, such as ``Cut/chunkCount`` of a smaller
  ///   budget; by default all that are there.
  /// - Throws: `TOO_SHORT` when the file ends before its base or before these chunks do,
  ///   `OVERLONG` when bytes follow its end, `BUDGET_TOO_SMALL` when the chunks are no whole base.
  public convenience init(_ file: ModelFile, chunkCount: Int? = nil) throws(BSTKError) {
    try file.requireUsable()
    let count = chunkCount ?? file.chunkCount
    guard count >= file.manifest.baseChunkCount else {
      throw BSTKError(
        .budget, "\(count) chunks are no model; the base has \(file.manifest.baseChunkCount)")
    }
    guard count <= file.chunkCount else {
      throw BSTKError(
        .tooShort, "\(count) chunks are asked for, the file has \(file.chunkCount)",
        offset: file.byteCount, section: .tail)
    }
    self.init(file, levelCounts: file.manifest.levelCounts(ofChunks: count))
  }

  /// Wraps a usable file of which each matrix uses its own number of levels, prefix or not.
  ///
  /// - Precondition: the file holds that many levels of each matrix.
  package init(_ file: ModelFile, levelCounts: [Int]) {
    self.file = file
    self.levelCounts = levelCounts
    matrixNumbers = Dictionary(
      uniqueKeysWithValues: file.manifest.matrices.enumerated().map { ($1.name, $0) })
    var tensorNumbers: [String: Int] = [:]
    for (number, object) in file.manifest.objects.enumerated() {
      if case .tensor = object.contents { tensorNumbers[object.name] = number }
    }
    self.tensorNumbers = tensorNumbers
  }

  /// The number of the decomposed matrix of that name, or nil.
  public func matrixNumber(named name: String) -> Int? { matrixNumbers[name] }

  /// The number of the object that is the dense tensor of that name, or nil.
  func tensorNumber(named name: String) -> Int? { tensorNumbers[name] }

  /// Levels of matrix `number` that are used.
  public func levelCount(ofMatrix number: Int) -> Int { levelCounts[number] }

  /// Matrix `number` from its first levels, at most `levels` of those that are used.
  package func loadMatrix(_ number: Int, levels: Int = .max) throws(BSTKError) -> [Float] {
    var weights = [Float](repeating: 0, count: manifest.matrices[number].elementCount)
    var span = weights.mutableSpan
    try reconstructor(ofMatrix: number, levels: levels).reconstruct(into: &span)
    return weights
  }

  /// Turns weights made of the first `old` levels into those of the first `new` ones.
  ///
  /// Sign blocks are added or taken off; nested planes give the weights anew.
  ///
  /// - Parameter weights: The whole matrix, row-major.
  package func change(
    matrix number: Int, from old: Int, to new: Int, _ weights: inout MutableSpan<Float>
  ) throws(BSTKError) {
    guard old != new else { return }
    switch manifest.matrices[number].kind {
    case .signBlocks:
      try signBlocks(ofMatrix: number, levels: min(old, new)..<max(old, new))
        .reconstruct(mode: old < new ? .add : .subtract, into: &weights)
    case .nestedPlanes:
      try reconstructor(ofMatrix: number, levels: new).reconstruct(into: &weights)
    }
  }

  /// Reconstructs a matrix strip by strip.
  ///
  /// Memory: the matrix's packed blocks and 16 MiB of weights, or one row where that is longer.
  ///
  /// - Parameter body: Lent the range of rows and their weights, row-major.
  /// - Throws: what reading and decoding the blocks throws, and what `body` throws.
  package func forEachStrip(
    ofMatrix number: Int,
    _ body: (Range<Int>, Span<Float>) throws(BSTKError) -> Void
  ) throws(BSTKError) {
    let matrix = manifest.matrices[number]
    let reconstructor = try reconstructor(ofMatrix: number)
    let stripRowCount = min(matrix.rows, max(1, (1 << 22) / matrix.columns))
    var start = 0
    while start < matrix.rows {
      let rows = start..<min(start + stripRowCount, matrix.rows)
      var weights = [Float](repeating: 0, count: rows.count * matrix.columns)
      var span = weights.mutableSpan
      reconstructor.reconstruct(rows: rows, into: &span)
      try body(rows, weights.span)
      start = rows.upperBound
    }
  }

  /// Matrix `number` decoded from its first levels, at most `levels` of those that are used.
  package func reconstructor(
    ofMatrix number: Int, levels: Int = .max
  ) throws(BSTKError) -> MatrixReconstructor {
    switch manifest.matrices[number].kind {
    case .signBlocks: .signBlocks(try signBlocks(ofMatrix: number, levels: 0..<levels))
    case .nestedPlanes: .nestedPlanes(try nestedPlanes(ofMatrix: number, levels: levels))
    }
  }

  private func signBlocks(
    ofMatrix number: Int, levels: Range<Int>
  ) throws(BSTKError) -> Reconstructor {
    var blocks: [SignBlock] = []
    try forEachLayout(ofMatrix: number, levels: levels) {
      layout, chunk, payload throws(BSTKError) in
      guard case .signBlock(let layout) = layout else {
        preconditionFailure("a matrix of sign blocks has no other chunks")
      }
      do throws(NumericsError) {
        blocks.append(try SignBlock(payload: payload, layout: layout))
      } catch {
        throw Self.failure(error, chunk: chunk, of: manifest)
      }
    }
    do throws(NumericsError) {
      return try Reconstructor(blocks)
    } catch {
      throw Self.failure(error, chunk: firstChunk(ofMatrix: number), of: manifest)
    }
  }

  private func nestedPlanes(
    ofMatrix number: Int, levels: Int
  ) throws(BSTKError) -> NestedPlaneMatrix {
    var parts = NestedPlaneParts()
    try forEachLayout(ofMatrix: number, levels: 0..<levels) {
      layout, _, payload throws(BSTKError) in
      parts.append(payload, layout)
    }
    do throws(NumericsError) {
      return try parts.matrix(manifest.matrices[number])
    } catch {
      throw Self.failure(error, chunk: firstChunk(ofMatrix: number), of: manifest)
    }
  }

  /// Lends the used blocks of a matrix among `levels`, decoded.
  private func forEachLayout(
    ofMatrix number: Int, levels: Range<Int>,
    _ body: (ChunkLayout, Int, [UInt8]) throws(BSTKError) -> Void
  ) throws(BSTKError) {
    let used = levels.clamped(to: 0..<levelCounts[number])
    try file.forEachBlock(ofMatrix: number, levels: used, decoder: ChunkDecoder()) {
      _, chunk, payload throws(BSTKError) in
      try body(manifest.layout(ofChunk: chunk), chunk, payload)
    }
  }

  private func firstChunk(ofMatrix number: Int) -> Int {
    let chunks = manifest.blockChunks(ofMatrix: number)
    return chunks[chunks.startIndex]
  }

  private static func failure(
    _ error: NumericsError, chunk: Int, of manifest: Manifest
  ) -> BSTKError {
    BSTKError(
      .numerics, "\(error)", offset: manifest.chunkOffset(chunk), section: .chunk(chunk))
  }
}
