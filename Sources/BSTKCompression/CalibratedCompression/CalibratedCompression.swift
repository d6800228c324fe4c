public import BSTKInference
public import BSTKTokenizer
public import BSTKModelFiles
public import BSTKFormat

internal import BSTKStore

/// Compresses a model with what a calibration text tells about it: activation-aware scales, blocks
/// ordered by what they are worth to the model's output, and measured quality in the index.
///
/// Works in steps, each in the memory of a layer or a matrix: gather input statistics, decompose
/// into a draft beside the output, measure worths on the draft, measure quality at cut points, and
/// write the draft's chunks again in their final order.
public struct CalibratedCompression {
  /// How blocks are ordered.
  public enum Order: String, Hashable, Sendable, CaseIterable {
    /// By worth per byte, from one sensitivity a matrix.
    case worth
    /// As the BitStack reference code does it, by sweeping over all matrices at every level.
    case reference
  }

  /// What is done, and how.
  public struct Options: Sendable {
    /// How matrices are decomposed.
    public var compression = CompressionOptions()
    /// How blocks are ordered.
    public var order = Order.worth
    /// How the calibration text is used.
    public var calibration = Calibrator.Options()
    /// How sensitivities are measured.
    public var probe = SensitivityProbe.Options()
    /// How the evaluation text is used.
    public var evaluation = EvaluationProtocol()
    /// Cut points at which quality is measured.
    public var cutCount = 8
    /// What the evaluation text is called in the file.
    public var evaluationLabel = ""

    /// The defaults.
    public init() {}
  }

  /// The step a report is about.
  public enum Step: Hashable, Sendable {
    /// Gathering input statistics.
    case calibrating(WorkProgress)
    /// Decomposing.
    case compressing(CompressionProgress)
    /// Measuring what blocks are worth.
    case ordering(WorkProgress)
    /// Measuring quality at cut points.
    case evaluating(WorkProgress)
    /// Writing the chunks in their final order.
    case writing(WorkProgress)
  }

  let folder: any ModelSource
  let configuration: ModelConfiguration
  let options: Options

  /// Prepares a compression.
  ///
  /// - Throws: `MODEL_UNSUPPORTED` when no forward pass exists for the model, before any work.
  public init(_ folder: any ModelSource, options: Options) throws(BSTKError) {
    self.folder = folder
    self.options = options
    let bytes = try folder.auxiliaryBytes("config.json")
    configuration = try ModelConfiguration(json: bytes.span)
  }

  static func check(_ isCancelled: () -> Bool) throws(BSTKError) {
    if isCancelled() { throw BSTKError(.cancelled, "the compression was cancelled") }
  }

  /// The model, for calibrating and measuring it.
  func transformer(_ weights: any WeightSource) throws -> Transformer {
    try Transformer(configuration: configuration, weights: weights)
  }

  /// Gathers the statistics alone.
  public func calibrate(
    _ tokens: [TokenID], isCancelled: () -> Bool = { false },
    progress: (Step) -> Void = { _ in }
  ) throws -> InputStatistics {
    try Calibrator(transformer(folder), options: options.calibration).run(tokens) { step in
      try Self.check(isCancelled)
      progress(.calibrating(step))
    }
  }

  /// Compresses the model.
  ///
  /// - Parameters:
  ///   - tokens: The calibration text.
  ///   - statistics: What an earlier ``calibrate(_:progress:)`` gathered; gathered now if nil.
  ///   - evaluation: A text to measure quality on, or nil to measure none.
  ///   - isCancelled: Asked often.
  ///   - progress: Called often.
  /// - Throws: `CANCELLED`, and what the steps throw; nothing is left under `path` then.
  public func run(
    _ tokens: [TokenID], statistics: InputStatistics? = nil, evaluation: [TokenID]? = nil,
    to path: String, isCancelled: () -> Bool = { false },
    progress: @escaping (Step) -> Void = { _ in }
  ) throws -> CompressionResult {
    let statistics =
      try statistics
      ?? calibrate(
        tokens, isCancelled: isCancelled, progress: progress)
    let scales = try InputScales(statistics, configuration: configuration)
    let draftPath = FileSystem.temporarySibling(of: path, suffix: "draft")
    defer { try? FileSystem.remove(draftPath) }
    let result = try Compressor(options: options.compression, scales: scales).compress(
      folder, to: draftPath, isCancelled: isCancelled, progress: { progress(.compressing($0)) })
    let draft = try ModelFile(draftPath)
    let compressed = try BSTKWeights(draft)

    let worths = try worths(of: compressed, tokens, isCancelled: isCancelled, progress: progress)
    let stack = try stack(
      of: compressed, worths, tokens, isCancelled: isCancelled, progress: progress)
    var extensions = IndexExtensions(provenance: provenance(statistics))
    if let evaluation {
      let measurement = QualityMeasurement(
        draft: draft, stack: stack, source: folder, configuration: configuration,
        protocol: options.evaluation)
      extensions.quality = try measurement.run(
        evaluation, cutCount: options.cutCount, label: options.evaluationLabel
      ) { step in
        try Self.check(isCancelled)
        progress(.evaluating(step))
      }
    }
    let manifest = try draft.restack(
      to: path, stack: stack, worths: worths.values, extensions: extensions
    ) { written, total throws(BSTKError) in
      try Self.check(isCancelled)
      progress(.writing(WorkProgress(completed: written, total: total)))
    }
    return CompressionResult(manifest: manifest, matrices: result.matrices)
  }

  private func provenance(_ statistics: InputStatistics) -> String {
    """
    \(options.compression.provenance)
    calibration=\(statistics.windowCount) windows of \(statistics.windowLength)
    order=\(options.order.rawValue)
    worth=nats
    """
  }
}
