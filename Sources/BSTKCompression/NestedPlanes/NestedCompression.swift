public import BSTKFormat
internal import BSTKInference
public import BSTKModelFiles
public import BSTKTokenizer
internal import BSTKNumerics
internal import BSTKStore

/// Compresses a Hugging Face folder to nested planes: one file, nearly as good at every size as a
/// file made for that size alone (recipe and figures: Spec/notes/encoder.md).
///
/// The matrices of the decoder, the embedding and the output head are coded, everything else is
/// stored as it is. With the statistics of a calibration errors count by what they cost the model,
/// and the planes of all matrices are stacked by the loss they take away per byte; without, every
/// weight counts alike, which is much worse. One matrix with its statistics is in memory at a time.
public struct NestedCompression {
  /// The step a report is about.
  public typealias Step = CalibratedCompression.Step

  let folder: any ModelSource
  let options: NestedCompressionOptions
  let statistics: CalibrationStatistics?
  let configuration: ModelConfiguration?
  private let encoder: NestedPlaneEncoder

  /// Prepares a compression.
  ///
  /// - Parameter statistics: What a calibration of this model found, or nil.
  /// - Throws: `LIMIT` when an option is out of range, `MODEL_UNSUPPORTED` when statistics are given
  ///   and no forward pass exists for the model, `NUMERICS` where OpenBLAS is not installed.
  public init(
    _ folder: any ModelSource, options: NestedCompressionOptions = NestedCompressionOptions(),
    statistics: CalibrationStatistics? = nil
  ) throws(BSTKError) {
    guard (1...Int(Limits.nestedLevelCount)).contains(options.planeCount) else {
      throw BSTKError(
        .limit, "\(options.planeCount) planes; 1 to \(Limits.nestedLevelCount) are possible")
    }
    guard options.basePlaneCount > 0 else {
      throw BSTKError(.limit, "the base needs at least one plane of every matrix")
    }
    if let count = options.threadCount, count < 1 {
      throw BSTKError(.limit, "\(count) threads; at least 1 is needed")
    }
    var encoding = NestedPlaneOptions()
    encoding.planeCount = options.planeCount
    do throws(NumericsError) {
      encoder = try NestedPlaneEncoder(options: encoding)
    } catch {
      throw BSTKError(.limit, "\(error)")
    }
    try LinearAlgebra.load()
    self.folder = folder
    self.options = options
    self.statistics = statistics
    if statistics != nil {
      let bytes = try folder.auxiliaryBytes("config.json")
      configuration = try ModelConfiguration(json: bytes.span)
    } else {
      configuration = nil
    }
  }

  /// Compresses the model. Blocks its thread for as long as that takes.
  ///
  /// - Parameters:
  ///   - path: The file to write, which replaces an older one when it is whole.
  ///   - evaluation: A text to measure quality on, or nil to measure none.
  ///   - isCancelled: Asked often, from several threads.
  ///   - progress: Called often.
  /// - Throws: `MODEL` naming tensor and element when a matrix has values that are not finite,
  ///   `NUMERICS`, `CANCELLED`, `IO`, and what reading the folder throws; nothing is left under
  ///   `path` then.
  @discardableResult
  public func run(
    to path: String, evaluation: [TokenID]? = nil,
    isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping (Step) -> Void = { _ in }
  ) throws -> CompressionResult {
    if let count = options.threadCount { BLAS.threadCount = count }
    guard let evaluation else {
      return try write(to: path, isCancelled: isCancelled, progress: progress)
    }
    // A text that is too short is told before the work and not after it.
    _ = try options.evaluation.windows(of: evaluation)
    let draftPath = FileSystem.temporarySibling(of: path, suffix: "draft")
    defer { try? FileSystem.remove(draftPath) }
    let draft = try write(to: draftPath, isCancelled: isCancelled, progress: progress)
    let manifest = try measure(
      ModelFile(draftPath), evaluation, to: path, isCancelled: isCancelled, progress: progress)
    return CompressionResult(manifest: manifest, matrices: draft.matrices)
  }

  // MARK: Writing

  private func write(
    to path: String, isCancelled: @escaping @Sendable () -> Bool,
    progress: @escaping (Step) -> Void
  ) throws(BSTKError) -> CompressionResult {
    let matrices = folder.tensors.filter(Self.isCoded)
    var reporter = CompressionReporter(
      totalByteCount: folder.tensors.reduce(0) { $0 + $1.byteCount },
      report: { progress(.compressing($0)) })
    var writer = try ModelWriter(path)
    try writer.add(
      folder, except: matrices, reporter: &reporter, isCancelled: isCancelled)
    let parts = RowParts(matrices)
    var order: [HullOrder.Matrix] = []
    var results: [CompressionResult.Matrix] = []
    for (index, tensor) in matrices.enumerated() {
      reporter.event(.matrices, tensor.name, index: index, of: matrices.count)
      var known = try knowledge(of: tensor)
      var losses = [Double](repeating: 0, count: options.planeCount + 1)
      for rows in parts.parts(of: tensor) {
        let (matrix, left) = try add(
          rows, of: tensor, &known, to: &writer, isCancelled: isCancelled)
        order.append(matrix)
        for (level, loss) in left.enumerated() { losses[level] += loss }
        try Self.check(isCancelled)
        reporter.doneByteCount += tensor.byteCount / tensor.shape[0] * rows.count
        reporter.event(
          .matrices, tensor.name, index: index, of: matrices.count,
          levelCount: rows.upperBound == tensor.shape[0] ? options.planeCount : 0)
      }
      results.append(
        CompressionResult.Matrix(
          name: tensor.name,
          relativeErrors: losses.dropFirst().map {
            losses[0] > 0 ? ($0 / losses[0]).squareRoot() : 0
          }))
    }
    let manifest = try writer.finish(
      stack: HullOrder.stack(order), extensions: IndexExtensions(provenance: provenance)
    ) { written, total throws(BSTKError) in
      reporter.event(.assembling, "", index: written - 1, of: total)
      try Self.check(isCancelled)
    }
    return CompressionResult(manifest: manifest, matrices: results)
  }

  /// Codes some rows of a tensor and adds their blocks.
  ///
  /// - Parameter known: Of the tensor; with the last rows its moments are given away.
  /// - Returns: What the order needs, and the losses left with each number of planes.
  private func add(
    _ rows: Range<Int>, of tensor: TensorDescription, _ known: inout MatrixStatistics,
    to writer: inout ModelWriter, isCancelled: @escaping @Sendable () -> Bool
  ) throws(BSTKError) -> (HullOrder.Matrix, losses: [Double]) {
    let code = try encode(rows, of: tensor, &known, isCancelled: isCancelled)
    let losses = comparable(code, coupling: Double(known.coupling))
    let handle = writer.addMatrix(
      name: tensor.name, sourceType: tensor.type, firstRow: rows.lowerBound, rows: code.rows,
      columns: code.columns, kind: .nestedPlanes, outlierCount: code.outlierPositions.count)
    let baseLevelCount = min(options.basePlaneCount, options.planeCount)
    writer.setBaseLevelCount(baseLevelCount, ofMatrix: handle)
    let chunks = try PlaneChunks.encode(code, tensor: tensor)
    try Self.check(isCancelled)
    var byteCounts: [Int] = []
    for (level, chunk) in chunks.enumerated() {
      let block = try writer.addEncodedBlock(
        chunk, matrix: handle, rank: level == 0 ? 1 : 0,
        vectors: level == 0 ? BSTKFormat.VectorType(code.vectorType) : nil,
        worth: Float(losses[level] - losses[level + 1]))
      byteCounts.append(block.storedByteCount)
    }
    let matrix = HullOrder.Matrix(
      handle: handle, baseLevelCount: baseLevelCount, byteCounts: byteCounts, losses: losses)
    return (matrix, code.losses)
  }

  private func knowledge(of tensor: TensorDescription) throws(BSTKError) -> MatrixStatistics {
    guard let statistics, let configuration else { return MatrixStatistics() }
    return try MatrixStatistics(of: tensor.name, in: statistics, configuration: configuration)
  }

  private func encode(
    _ range: Range<Int>, of tensor: TensorDescription, _ known: inout MatrixStatistics,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(BSTKError) -> NestedPlaneCode {
    let columns = tensor.shape[1]
    var weights = [Float](repeating: 0, count: range.count * columns)
    do {
      var span = weights.mutableSpan
      try folder.readFloats(of: tensor.name, from: range.lowerBound * columns, into: &span)
    }
    do throws(NumericsError) {
      // Given away, so that the encoder works in this memory and not in a copy.
      let moments = known.moments
      if range.upperBound == tensor.shape[0] { known.moments = .unit }
      return try encoder.encode(
        weights.span, rows: range.count, columns: columns, moments: moments,
        rowSensitivity: known.rowSensitivity.map { Array($0[range]) }, isCancelled: isCancelled)
    } catch {
      switch error {
      case .cancelled: throw BSTKError(.cancelled, "the compression was cancelled")
      case .notFinite(let index):
        throw BSTKError(
          .model,
          "tensor \(tensor.name) holds NaN or infinity at element "
            + "\(range.lowerBound * columns + index) (row \(range.lowerBound + index / columns), "
            + "column \(index % columns))",
          remedy: "the weights are damaged; download or save the model again")
      default:
        throw BSTKError(.numerics, "cannot code \(tensor.name): \(error)")
      }
    }
  }

  /// Losses that can be compared between matrices: where nothing is known of the model, the share of
  /// the matrix that is wrong, times its size.
  private func comparable(_ code: NestedPlaneCode, coupling: Double) -> [Double] {
    guard statistics == nil else { return code.losses.map { $0 * coupling } }
    let whole = code.losses[0]
    let size = Double(code.rows * code.columns)
    return code.losses.map { whole > 0 ? $0 / whole * size : 0 }
  }

  // MARK: Measuring

  private func measure(
    _ draft: ModelFile, _ tokens: [TokenID], to path: String,
    isCancelled: @escaping @Sendable () -> Bool, progress: @escaping (Step) -> Void
  ) throws -> Manifest {
    let bytes = try folder.auxiliaryBytes("config.json")
    let stack = draft.manifest.stack
    let measurement = QualityMeasurement(
      draft: draft, stack: stack, source: folder,
      configuration: try configuration ?? ModelConfiguration(json: bytes.span),
      protocol: options.evaluation)
    var extensions = IndexExtensions(provenance: provenance)
    extensions.quality = try measurement.run(
      tokens, cutCount: options.cutCount, label: options.evaluationLabel
    ) { step in
      try Self.check(isCancelled)
      progress(.evaluating(step))
    }
    return try draft.restack(
      to: path, stack: stack, worths: draft.manifest.worthsByLevel, extensions: extensions
    ) { written, total throws(BSTKError) in
      try Self.check(isCancelled)
      progress(.writing(WorkProgress(completed: written, total: total)))
    }
  }

  // MARK: Details

  /// Whether a tensor becomes planes: matrices of the decoder, embedding and head, within the Spec's
  /// limits.
  static func isCoded(_ tensor: TensorDescription) -> Bool {
    guard tensor.shape.count == 2, tensor.type.isMatrixSource,
      tensor.shape.allSatisfy((2...Int(Limits.matrixDimension)).contains)
    else { return false }
    return tensor.name == Transformer.embeddingName || tensor.name == Transformer.untiedHeadName
      || HuggingFaceFolder.isDecomposable(tensor)
  }

  /// What was done, without times or paths.
  private var provenance: String {
    let calibration =
      statistics.map {
        "calibration=\($0.summary.windowCount) windows of \($0.summary.windowLength),"
          + " gradients of \($0.summary.gradientWindowCount)"
      } ?? "calibration=none"
    return """
      \(options.creator) compress
      profile=best
      planes=\(options.planeCount)
      \(calibration)
      worth=\(statistics == nil ? "share of error times elements" : "nats")
      """
  }

  private static func check(_ isCancelled: () -> Bool) throws(BSTKError) {
    if isCancelled() { throw BSTKError(.cancelled, "the compression was cancelled") }
  }
}
