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

  private let matrixTensors: [String: MatrixTensor]
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
    matrixTensors = Dictionary(
      uniqueKeysWithValues: file.manifest.matrixTensors.map { ($0.name, $0) })
    var tensorNumbers: [String: Int] = [:]
    for (number, object) in file.manifest.objects.enumerated() {
      if case .tensor = object.contents { tensorNumbers[object.name] = number }
    }
    self.tensorNumbers = tensorNumbers
  }

  /// The tensor of that name that is coded in levels, whole or in parts, or nil.
  public func matrixTensor(named name: String) -> MatrixTensor? { matrixTensors[name] }

  /// The number of the object that is the dense tensor of that name, or nil.
  func tensorNumber(named name: String) -> Int? { tensorNumbers[name] }

  /// Matrix `number` decoded from its first levels, at most `levels` of those that are used.
  package func reconstructor(
    ofMatrix number: Int, levels: Int = .max
  ) throws(BSTKError) -> MatrixReconstructor {
    switch manifest.matrices[number].kind {
    case .signBlocks: .signBlocks(try signBlocks(ofMatrix: number, levels: 0..<levels))
    case .nestedPlanes: .nestedPlanes(try nestedPlanes(ofMatrix: number, levels: levels))
    }
  }

  /// The blocks of a matrix among `levels`, of those that are used.
  func signBlocks(
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
