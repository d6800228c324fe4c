public import BSTKInference
internal import BSTKModelFiles
public import BSTKFormat
public import BSTKInference

internal import BSTKModelFiles

/// What a model does with a calibration text, in a safetensors file: how much each input channel of
/// its matrices carries, and how much each output channel matters to the loss.
///
/// Opening reads names and shapes; numbers are read when they are asked for, and checked then.
/// `StatisticsGatherer` writes the file. Safe to use from several threads.
///
/// Tensors, all fp32. Linear layers that share an input (query, key and value; gate and up) share
/// what is known of it, under the name of the first:
///
/// | Name | Shape | Contents |
/// | --- | --- | --- |
/// | `LAYER.second_moments` | in × in | mean of x xᵀ over tokens, x the layer's input |
/// | `LAYER.channel_norms` | in | L2 norm of each channel over a window, averaged over windows |
/// | `LAYER.sensitivity` | out | mean of g² over tokens |
/// | `LAYER.coupling` | 1 | mean of |g|²·|x|² over tokens, by the product of both means |
/// | `lm_head.second_moments` | hidden × hidden | as above, of the final norm's output |
/// | `lm_head.sensitivity` | vocabulary | mean of p (1 − p), p the probability of the row's token |
/// | `model.embed_tokens.frequency` | vocabulary | share of each token in the text |
/// | `model.embed_tokens.sensitivity` | hidden | mean of g² over tokens, by the embedding's output |
///
/// g is the gradient of the cross-entropy, summed over the tokens of a window, with labels drawn
/// from the model itself, so that the mean of g gᵀ is the Fisher information.
public final class CalibrationStatistics: Sendable {
  /// How the statistics were gathered.
  public let summary: Summary
  /// The file's path.
  public var path: String { file.path }

  let configuration: ModelConfiguration
  private let file: SafetensorsFile
  private let linears: [String: LinearLayer]

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: What `StatisticsGatherer` wrote.
  ///   - configuration: The shape of the model it belongs to.
  /// - Throws: `MODEL` when the file holds no statistics or those of a model of another shape,
  ///   else what ``SafetensorsFile/init(path:)`` throws.
  public init(path: String, configuration: ModelConfiguration) throws(BSTKError) {
    let file = try SafetensorsFile(path: path)
    guard let summary = Summary(metadata: file.metadata) else {
      throw BSTKError(
        .model, "\(path) does not hold calibration statistics",
        remedy: "make them with `bstk calibrate`")
    }
    self.file = file
    self.summary = summary
    self.configuration = configuration
    linears = Dictionary(
      uniqueKeysWithValues: configuration.linearLayers.map { ($0.name, $0) })
    for expected in try StatisticsLayout(configuration).descriptions() {
      guard let found = file.tensor(named: expected.name)?.description else {
        throw mismatch("no \(expected.name)")
      }
      guard found.type == .f32, found.shape == expected.shape else {
        throw mismatch(
          "\(expected.name) as \(found.type.name) \(found.shape), not \(expected.shape)")
      }
    }
  }

  // MARK: Linear layers, by module name (`model.layers.0.self_attn.q_proj`)

  /// The second moments of a layer's input, in × in, row-major, symmetric.
  ///
  /// - Throws: `MODEL` when the model has no such layer, or a number is not finite or a square
  ///   negative; `IO`.
  public func secondMoments(ofInputOf linear: String) throws(BSTKError) -> [Float] {
    let layer = try layer(linear)
    return try moments(
      StatisticsLayout.secondMoments(layer.inputOwnerName), width: layer.inFeatures)
  }

  /// For each channel of a layer's input its L2 norm over the positions of a window, averaged over
  /// windows.
  ///
  /// - Throws: as ``secondMoments(ofInputOf:)``.
  public func channelNorms(ofInputOf linear: String) throws(BSTKError) -> [Float] {
    try nonnegative(StatisticsLayout.channelNorms(layer(linear).inputOwnerName))
  }

  /// For each row of a layer's weight the mean squared gradient by its output.
  ///
  /// - Throws: as ``secondMoments(ofInputOf:)``.
  public func sensitivity(ofOutputOf linear: String) throws(BSTKError) -> [Float] {
    try nonnegative(StatisticsLayout.sensitivity(layer(linear).name))
  }

  /// How far tokens with large gradients by a layer's output are those with large inputs: the mean of
  /// the product of both squared norms, by the product of their means. 1 where they do not depend on
  /// each other, as second moments and sensitivities taken each for itself suppose.
  ///
  /// - Throws: as ``secondMoments(ofInputOf:)``.
  public func coupling(of linear: String) throws(BSTKError) -> Float {
    try nonnegative(StatisticsLayout.coupling(layer(linear).name))[0]
  }

  // MARK: Head and embedding

  /// The second moments of the final norm's output, hidden × hidden, row-major, symmetric.
  ///
  /// - Throws: `MODEL` when a number is not finite or a square negative; `IO`.
  public func headSecondMoments() throws(BSTKError) -> [Float] {
    try moments(
      StatisticsLayout.secondMoments(StatisticsLayout.head), width: configuration.hiddenSize)
  }

  /// For each row of the output head the mean of p (1 − p).
  ///
  /// - Throws: as ``headSecondMoments()``.
  public func headSensitivity() throws(BSTKError) -> [Float] {
    try nonnegative(StatisticsLayout.sensitivity(StatisticsLayout.head))
  }

  /// For each row of the embedding the share of its token in the text; the sum is 1.
  ///
  /// - Throws: as ``headSecondMoments()``.
  public func tokenFrequencies() throws(BSTKError) -> [Float] {
    try nonnegative(StatisticsLayout.frequency)
  }

  /// For each column of the embedding the mean squared gradient by a token's embedding.
  ///
  /// - Throws: as ``headSecondMoments()``.
  public func embeddingSensitivity() throws(BSTKError) -> [Float] {
    try nonnegative(StatisticsLayout.sensitivity(StatisticsLayout.embedding))
  }

  // MARK: Reading

  private func layer(_ name: String) throws(BSTKError) -> LinearLayer {
    guard let linear = linears[name] else {
      throw BSTKError(.model, "the model has no linear layer \(name)")
    }
    return linear
  }

  private func moments(_ name: String, width: Int) throws(BSTKError) -> [Float] {
    let values = try floats(name)
    guard (0..<width).allSatisfy({ values[$0 * (width + 1)] >= 0 }) else {
      throw BSTKError(.model, "\(path): \(name) has a negative square on its diagonal")
    }
    return values
  }

  private func nonnegative(_ name: String) throws(BSTKError) -> [Float] {
    let values = try floats(name)
    guard values.allSatisfy({ $0 >= 0 }) else {
      throw BSTKError(.model, "\(path): \(name) has numbers below zero")
    }
    return values
  }

  private func floats(_ name: String) throws(BSTKError) -> [Float] {
    guard let tensor = file.tensor(named: name) else { throw mismatch("no \(name)") }
    var values = [Float](repeating: 0, count: tensor.description.elementCount)
    var span = values.mutableSpan
    try file.readFloats(of: tensor, from: 0, into: &span)
    guard values.allSatisfy(\.isFinite) else {
      throw BSTKError(.model, "\(path): \(name) has values that are not finite")
    }
    return values
  }

  private func mismatch(_ what: String) -> BSTKError {
    BSTKError(
      .model, "\(path) has \(what)", remedy: "calibrate the model that the statistics are for")
  }
}
