/// How a matrix is coded as nested planes. The defaults are what was chosen on validation texts; see
/// the notes on the encoder in the Spec.
public struct NestedPlaneOptions: Sendable, Equatable {
  /// Planes, 1 to 8.
  public var planeCount = 6
  /// How much the squared error of each level counts when the codes of the first levels are chosen
  /// together, coarsest first; as many levels as there are weights, the last one positive. Planes
  /// beyond refine them one at a time.
  public var levelWeights: [Float] = [0, 1, 4, 12, 24]
  /// How the magnitudes u and v are stored.
  public var vectorType = VectorType.fp16
  /// The first plane's magnitude, in units of the mean.
  public var factor: Float = 2.5
  /// How far columns that matter more get a finer magnitude: the power of their sensitivity.
  public var columnExponent: Float = 0.35
  /// The same of rows.
  public var rowExponent: Float = 0.5
  /// The most a magnitude is moved by its sensitivity, in powers of two.
  public var exponentLimit: Float = 2
  /// What is added to the diagonal of the moments, in units of its mean.
  public var damping: Float = 0.02

  /// The defaults.
  public init() {}

  /// The levels whose codes are chosen together.
  var blendedCount: Int { min(levelWeights.count, planeCount) }

  /// The weights of these levels; the finest one counts in any case.
  var blendedWeights: [Float] { Array(levelWeights.prefix(blendedCount)) }

  /// - Throws: `invalidOption` for a value without meaning.
  func validate() throws(NumericsError) {
    guard (1...PlanePacking.maximumPlanes).contains(planeCount) else {
      throw .invalidOption("\(planeCount) planes; 1 to 8 are possible")
    }
    guard !levelWeights.isEmpty, levelWeights.allSatisfy({ $0 >= 0 && $0.isFinite }),
      blendedWeights.contains(where: { $0 > 0 }) || planeCount < levelWeights.count
    else {
      throw .invalidOption("level weights \(levelWeights); one must be positive")
    }
    guard factor > 0, factor <= 64, damping > 0, damping <= 1, exponentLimit >= 0,
      columnExponent.isFinite, rowExponent.isFinite
    else { throw .invalidOption("factor \(factor), damping \(damping)") }
  }
}
