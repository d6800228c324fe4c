/// How a matrix is coded as nested planes. The defaults are what was chosen on validation texts; see
/// the notes on the encoder in the Spec.
public struct NestedPlaneOptions: Sendable, Equatable {
  /// Planes, 1 to 8.
  public var planeCount = 7
  /// How much the squared error of each level counts where codes are chosen, coarsest first.
  public var levelWeights: [Float] = [0, 0, 1, 4, 12, 30, 60, 120]
  /// How often the codes are gone through again after the first choice, each time changing those
  /// whose change lowers the weighted losses.
  public var descentCount = 2
  /// Matrices of more columns are not gone through again: it would take longer than all else.
  public var descentColumnLimit = 4096
  /// How the magnitudes u and v are stored.
  public var vectorType = VectorType.log8
  /// To how many steps an octave the magnitudes are rounded, or nil to leave them as they are: what
  /// they are off by is made good by the codes, and few different values take few bytes.
  public var stepsPerOctave: Float? = 8
  /// The first plane's magnitude, in units of the mean.
  public var factor: Float = 3.5
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

  /// - Throws: `invalidOption` for a value without meaning.
  func validate() throws(NumericsError) {
    guard (1...PlanePacking.maximumPlanes).contains(planeCount) else {
      throw .invalidOption("\(planeCount) planes; 1 to 8 are possible")
    }
    guard levelWeights.count >= planeCount, levelWeights.allSatisfy({ $0 >= 0 && $0.isFinite })
    else {
      throw .invalidOption("level weights \(levelWeights) for \(planeCount) planes")
    }
    guard stepsPerOctave.map({ $0 > 0 && $0 <= 256 }) ?? true, factor > 0, factor <= 64,
      damping > 0, damping <= 1, exponentLimit >= 0,
      columnExponent.isFinite, rowExponent.isFinite
    else { throw .invalidOption("factor \(factor), damping \(damping)") }
  }
}
