public import BSTKFormat

/// How a model is compressed. The bytes of the file depend on these, on the model and on the
/// versions of the numeric libraries, and on nothing else.
public struct CompressionOptions: Hashable, Sendable {
  /// Levels of every matrix, 1 to 64.
  public var levelCount = 8
  /// Rank of each level's magnitude, 1 to 1024; a matrix with fewer rows or columns takes those.
  public var rank = 16
  /// How the magnitude's vectors are stored.
  public var vectors: VectorType = .f16
  /// What the first level's magnitude is multiplied with. More than 1 leaves a residual that later
  /// levels describe better, at the price of the prefix that has only first levels.
  public var firstLevelGain: Float = 1
  /// Whether the first level looks ahead to the second by what a matrix's magnitude leaves open.
  public var looksAhead = false
  /// Seeds the random start vectors of the decomposition.
  public var seed: UInt64 = 0
  /// Threads of the numeric library, or nil to leave its choice alone.
  public var threadCount: Int?
  /// Name and version of the program, for the file's provenance.
  public var creator = "bstk"

  /// The defaults.
  public init() {}

  /// The provenance text: what was done, without times or paths.
  var provenance: String {
    """
    \(creator) compress
    levels=\(levelCount)
    rank=\(rank)
    vectors=\(vectors.name)
    gain=\(looksAhead ? "look-ahead" : "\(firstLevelGain)")
    seed=\(seed)
    """
  }
}
