public import BSTKFormat
public import BSTKStore
internal import BSTKModelFiles

/// A model in memory that grows and shrinks with its budget: the paper's variable-memory case
/// (arXiv 2410.23918 section 1).
///
/// Only the blocks between the old and the new cut are read; they are added to the resident weights
/// or taken off them.
public struct ResizableModel: ~Copyable {
  /// The file the blocks come from.
  public let file: ModelFile
  /// The cut that is in memory.
  public private(set) var cut: Cut
  /// The model as it is now.
  public private(set) var resident: ResidentModel
  /// The levels of each matrix that are in `resident`, by its number.
  private var levels: [Int]

  /// Loads a cut of a file.
  ///
  /// - Parameter progress: Called after each decoder layer; throwing stops the loading.
  /// - Throws: `TOO_SHORT` when the file does not hold the cut, and what loading throws.
  public init(
    _ file: ModelFile, configuration: ModelConfiguration, cut: Cut,
    progress: (WorkProgress) throws -> Void = { _ in }
  ) throws {
    let weights = try BSTKWeights(file, chunkCount: cut.chunkCount)
    resident = try ResidentModel(
      configuration: configuration, weights: weights, progress: progress)
    self.file = file
    self.cut = cut
    levels = weights.levelCounts
  }

  /// Goes to another cut of the same file.
  ///
  /// Growing and shrinking back returns to the old weights up to fp32 rounding.
  ///
  /// - Returns: The number of blocks that were added or taken off.
  /// - Throws: `TOO_SHORT` when the file does not hold the cut; the model is as before then. What
  ///   reading blocks throws; the model is then between the two cuts, and a resize to either
  ///   brings it there.
  @discardableResult
  public mutating func resize(to new: Cut) throws -> Int {
    let manifest = file.manifest
    let target = try BSTKWeights(file, chunkCount: new.chunkCount).levelCounts
    let weights = try BSTKWeights(file)
    var changed = 0
    for (number, matrix) in manifest.matrices.enumerated() where levels[number] != target[number] {
      let old = levels[number]
      try resident.withLinearWeight(matrix.name) { weight in
        try weights.change(matrix: number, from: old, to: target[number], &weight)
      }
      levels[number] = target[number]
      changed += abs(old - target[number])
    }
    cut = new
    return changed
  }
}
