public import BSTKFormat
public import BSTKStore

/// The weights in a `.bstk` file or prefix, loaded on demand.
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
    tensorNumbers = file.manifest.tensorNumbers
  }

  /// The tensor of that name that is coded in levels, whole or in parts, or nil.
  public func matrixTensor(named name: String) -> MatrixTensor? { matrixTensors[name] }

  /// The number of the object that is the dense tensor of that name, or nil.
  func tensorNumber(named name: String) -> Int? { tensorNumbers[name] }
}
