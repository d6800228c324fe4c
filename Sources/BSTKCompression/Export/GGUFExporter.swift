public import BSTKFormat
public import BSTKModelFiles

internal import BSTKInference
internal import BSTKStore

/// Writes a `.bstk` file or prefix as a GGUF file, which llama.cpp and what is built on it load.
///
/// Known are the models that ``ModelConfiguration`` knows. Memory: one matrix's packed blocks and
/// some strips of weights.
public struct GGUFExporter: Sendable {
  /// The options.
  public let options: GGUFExportOptions

  /// Makes an exporter.
  public init(options: GGUFExportOptions = GGUFExportOptions()) { self.options = options }

  /// What was written.
  public struct Result: Hashable, Sendable {
    /// Bytes of all tensors.
    public let tensorByteCount: Int
    /// Matrices that should have been quantized and are fp16, as their rows are not whole blocks.
    public let unquantized: [String]
  }

  /// Writes the file. Blocks its thread for as long as that takes.
  ///
  /// - Parameters:
  ///   - path: The file to write. What is there already is replaced only when the options say so.
  ///   - isCancelled: Asked between strips.
  ///   - progress: Called before each tensor.
  /// - Throws: `MODEL_UNSUPPORTED` naming what llama.cpp has nothing for, `TOKENIZER`, `EXISTS`,
  ///   `IO`, `CANCELLED`, `FLOAT` when a value has no place in the type, and what reading the file
  ///   throws. Nothing is left under `path` then.
  @discardableResult
  public func export(
    _ weights: BSTKWeights, to path: String, isCancelled: () -> Bool = { false },
    progress: (ExportProgress) -> Void = { _ in }
  ) throws(BSTKError) -> Result {
    try checkTarget(path)
    guard let json = try weights.auxiliaryBytes("config.json") else {
      throw BSTKError(
        .model, "the file holds no config.json",
        remedy: "compress it again from a complete model folder")
    }
    let configuration = try ModelConfiguration(json: json.span)
    let architecture = try GGUFArchitecture(configuration)
    let plan = try GGUFExportPlan(
      weights.floatTensors, architecture: architecture, type: options.elementType)
    let metadata = try metadata(architecture, GGUFTokenizerMetadata(weights, configuration))
    var tensors = plan.items.map(\.tensor)
    if !architecture.rotaryFactors.isEmpty {
      tensors.append(
        GGUFWriter.Tensor(
          name: GGUFRotation.factorsName, type: .f32, shape: [architecture.rotaryFactors.count]))
    }
    var writer = try GGUFWriter(path: path, metadata: metadata, tensors: tensors)
    let total = tensors.reduce(0) { $0 + $1.byteCount }
    var done = 0
    for (index, item) in plan.items.enumerated() {
      progress(
        ExportProgress(
          name: item.name, index: index, count: plan.items.count, doneByteCount: done,
          totalByteCount: total))
      var encoder = GGUFTensorEncoder(item)
      try weights.forEachRun(of: item.name) { floats throws(BSTKError) in
        if isCancelled() { throw BSTKError(.cancelled, "the export was cancelled") }
        let bytes = try encoder.append(floats)
        try writer.append(bytes.span)
      }
      try writer.endTensor()
      done += item.tensor.byteCount
    }
    if !architecture.rotaryFactors.isEmpty {
      let bytes = FloatConversion.encode(architecture.rotaryFactors.span, as: .f32)
      try writer.append(bytes.span)
      try writer.endTensor()
    }
    try checkTarget(path)
    try writer.finish()
    return Result(tensorByteCount: total, unquantized: plan.unquantized)
  }

  private func checkTarget(_ path: String) throws(BSTKError) {
    guard FileSystem.exists(path), !options.replacesExisting || FileSystem.isFolder(path) else {
      return
    }
    throw BSTKError(
      .exists, "\(path) exists",
      remedy: "name a file that does not exist, or force the replacement of a file")
  }

  private func metadata(
    _ architecture: GGUFArchitecture, _ tokenizer: GGUFTokenizerMetadata
  ) -> [(key: String, value: GGUFValue)] {
    var metadata: [(key: String, value: GGUFValue)] = [
      ("general.architecture", .string(architecture.family.architecture)),
      ("general.type", .string("model")),
    ]
    if !options.name.isEmpty { metadata.append(("general.name", .string(options.name))) }
    metadata.append(("general.file_type", .uint32(options.elementType.fileType)))
    metadata.append(("general.quantization_version", .uint32(2)))
    return metadata + architecture.metadata + tokenizer.metadata
  }
}
