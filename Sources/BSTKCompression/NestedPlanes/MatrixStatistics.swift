internal import BSTKFormat
internal import BSTKInference
internal import BSTKModelFiles
internal import BSTKNumerics

/// What a calibration knows of one matrix, as the encoder of nested planes takes it.
struct MatrixStatistics {
  /// The second moments of what the matrix is multiplied with.
  var moments = InputMoments.unit
  /// How much an error in each row's output costs, or nil where nothing is known.
  var rowSensitivity: [Float]?

  /// How much more an error costs than second moments and sensitivities taken each for itself say;
  /// for comparing matrices.
  var coupling: Float = 1

  /// Nothing is known.
  init() {}

  /// Looks a tensor up by its name in the model.
  ///
  /// A row of the embedding is looked up as often as its token occurs, and an error in it costs what
  /// the gradient says; where the head is the same matrix, both uses count.
  init(
    of tensor: String, in statistics: CalibrationStatistics, configuration: ModelConfiguration
  ) throws(BSTKError) {
    switch tensor {
    case Transformer.embeddingName where configuration.tiesEmbeddings:
      let head = try statistics.headSensitivity().map { $0 + 1e-7 }
      var moments = try statistics.headSecondMoments()
      let columns = try statistics.embeddingSensitivity()
      let frequencies = try Self.frequencies(statistics)
      // Each use adds its share to the other's scale: columns to those of the head, rows likewise.
      let scale = Self.mean(frequencies) / Self.mean(head)
      var traces = (head: 0.0, embedding: 0.0)
      for (column, value) in columns.enumerated() {
        let place = column * (columns.count + 1)
        traces.head += Double(moments[place])
        traces.embedding += Double(value)
        moments[place] += value * scale
      }
      let share = traces.head > 0 ? Float(traces.embedding / traces.head) : 0
      self.moments = .full(moments)
      rowSensitivity = zip(head, frequencies).map { $0 + $1 * share }
    case Transformer.embeddingName:
      moments = .diagonal(try statistics.embeddingSensitivity())
      rowSensitivity = try Self.frequencies(statistics)
    case Transformer.untiedHeadName:
      moments = .full(try statistics.headSecondMoments())
      rowSensitivity = try statistics.headSensitivity().map { $0 + 1e-7 }
    default:
      guard let linear = configuration.linearLayers.first(where: { $0.weightName == tensor })
      else { return }
      moments = .full(try statistics.secondMoments(ofInputOf: linear.name))
      rowSensitivity = try statistics.sensitivity(ofOutputOf: linear.name)
      // Tokens that attention gathers at have large inputs and hardly a gradient by what is read of
      // them. Elsewhere a few tokens decide, which come out differently on every text.
      switch linear.role {
      case .query, .key, .value: coupling = try statistics.coupling(of: linear.name)
      case .attentionOutput, .gate, .up, .down: break
      }
    }
  }

  /// The share of each token in a text; one that this text lacks is not one that never comes.
  private static func frequencies(
    _ statistics: CalibrationStatistics
  ) throws(BSTKError) -> [Float] {
    let tokens = statistics.summary.windowCount * statistics.summary.windowLength
    return try statistics.tokenFrequencies().map { $0 + 0.5 / Float(tokens) }
  }

  private static func mean(_ values: [Float]) -> Float {
    Float(values.reduce(0) { $0 + Double($1) } / Double(max(values.count, 1)))
  }
}
