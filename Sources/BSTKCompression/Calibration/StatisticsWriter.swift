internal import BSTKModelFiles
internal import BSTKFormat
internal import BSTKModelFiles

/// Writes a statistics file tensor by tensor, in the order of ``StatisticsLayout``.
struct StatisticsWriter: ~Copyable {
  private var writer: SafetensorsWriter
  /// Which tensor comes next.
  private var next = 0

  init(
    path: String, tensors: [TensorDescription], summary: CalibrationStatistics.Summary
  ) throws(BSTKError) {
    writer = try SafetensorsWriter(path: path, inOrder: tensors, metadata: summary.metadata)
  }

  /// Appends the next tensor.
  ///
  /// - Precondition: `name` is the next one's.
  /// - Throws: `MODEL` when a number is not finite, `IO`.
  mutating func append(_ values: [Float], as name: String) throws(BSTKError) {
    begin(name)
    try append(part: values, of: name)
  }

  /// Appends second moments, each the sum over tokens times `factor`.
  ///
  /// - Throws: as ``append(_:as:)``.
  mutating func append(_ sum: MomentSum, factor: Double, as name: String) throws(BSTKError) {
    begin(name)
    for panel in sum.panels.indices {
      try append(part: sum.rows(ofPanel: panel, factor: factor), of: name)
    }
  }

  /// Gives the file its name.
  consuming func finish() throws(BSTKError) { try writer.finish() }

  private mutating func begin(_ name: String) {
    precondition(writer.tensors[next].name == name, "tensors come in the order of the layout")
    next += 1
  }

  private mutating func append(part: [Float], of name: String) throws(BSTKError) {
    guard part.allSatisfy(\.isFinite) else {
      throw BSTKError(
        .model, "\(name) came out with numbers that are not finite",
        remedy: "check the model with `bstk eval`")
    }
    try writer.append(FloatConversion.encode(part.span, as: .f32).span)
  }
}
