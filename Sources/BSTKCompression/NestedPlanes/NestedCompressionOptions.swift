public import BSTKInference

/// How a model is compressed to nested planes.
public struct NestedCompressionOptions: Sendable {
  /// Planes of every matrix, 1 to 8: the levels of the complete file.
  public var planeCount = 7
  /// Planes of every matrix that belong to the base; with fewer no model says anything of use.
  public var basePlaneCount = 3
  /// Threads, or nil to take as many as the numeric library does.
  public var threadCount: Int?
  /// Name and version of the program, for the file's provenance.
  public var creator = "bstk"
  /// How a text for measuring quality is used.
  public var evaluation = EvaluationProtocol()
  /// Cut points at which quality is measured.
  public var cutCount = 8
  /// What the text for measuring quality is called in the file.
  public var evaluationLabel = ""

  /// The defaults.
  public init() {}
}
