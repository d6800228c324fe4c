public import BSTKFormat
public import BSTKStore

internal import BSTKCodec
internal import BSTKNumerics

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

  /// Matrix `number` as the sum of its first levels, at most `levels` of those that are used.
  package func loadMatrix(_ number: Int, levels: Int = .max) throws(BSTKError) -> [Float] {
    var weights = [Float](repeating: 0, count: manifest.matrices[number].elementCount)
    var span = weights.mutableSpan
    try reconstructor(ofMatrix: number, levels: 0..<levels).reconstruct(into: &span)
    return weights
  }

  /// Adds the levels between two counts to weights that hold the first ones, or takes them off.
  ///
  /// - Parameter weights: The matrix with its first `old` levels; with `new` ones on return.
  package func change(
    matrix number: Int, from old: Int, to new: Int, _ weights: inout MutableSpan<Float>
  ) throws(BSTKError) {
    guard old != new else { return }
    let between = try reconstructor(ofMatrix: number, levels: min(old, new)..<max(old, new))
    between.reconstruct(mode: old < new ? .add : .subtract, into: &weights)
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

  func reconstructor(
    ofMatrix number: Int, levels: Range<Int> = 0..<Int.max
  ) throws(BSTKError) -> Reconstructor {
    let decoder = try ChunkDecoder()
    var blocks: [SignBlock] = []
    let used = levels.clamped(to: 0..<levelCounts[number])
    for chunk in file.blockChunks(ofMatrix: number)[used] {
      guard let layout = manifest.blockLayout(ofChunk: chunk) else { continue }
      let payload = try file.payload(ofChunk: chunk, decoder: decoder)
      do throws(NumericsError) {
        blocks.append(try SignBlock(payload: payload, layout: layout))
      } catch {
        throw Self.failure(error, chunk: chunk, of: manifest)
      }
    }
    do throws(NumericsError) {
      return try Reconstructor(blocks)
    } catch {
      throw Self.failure(error, chunk: manifest.baseChunkCount - 1, of: manifest)
    }
  }

  private static func failure(
    _ error: NumericsError, chunk: Int, of manifest: Manifest
  ) -> BSTKError {
    BSTKError(
      .numerics, "\(error)", offset: manifest.chunkOffset(chunk), section: .chunk(chunk))
  }
}
