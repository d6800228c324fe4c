public import BSTKFormat

internal import BSTKCodec
internal import BSTKStore

/// Writes a `.bstk` file or prefix back as a Hugging Face folder that the transformers library
/// loads unchanged.
///
/// Matrices are the sums of the levels that are there; everything else is as it was, unless a type
/// is asked for. Memory: the packed blocks of one matrix and some strips of weights.
public struct Exporter: Sendable {
  /// The options.
  public let options: ExportOptions

  /// Makes an exporter.
  ///
  /// - Throws: `MODEL_UNSUPPORTED` when the type is none of fp32, fp16 and bf16.
  public init(options: ExportOptions = ExportOptions()) throws(BSTKError) {
    if let type = options.elementType, !type.isMatrixSource {
      throw BSTKError(
        .modelUnsupported, "models are not exported as \(type.name)",
        remedy: "choose fp32, fp16 or bf16")
    }
    self.options = options
  }

  /// Writes the folder. Blocks its thread for as long as that takes.
  ///
  /// - Parameters:
  ///   - path: The folder to make. An empty one is replaced, another one only when the options
  ///     say so and it is a model's; a symbolic link never.
  ///   - isCancelled: Asked between strips.
  ///   - progress: Called before each tensor.
  /// - Throws: `EXISTS`, `IO`, `CANCELLED`, `FLOAT` when a value exceeds fp16, and what reading
  ///   the file throws. Nothing is left under `path` then.
  public func export(
    _ weights: BSTKWeights, to path: String, isCancelled: () -> Bool = { false },
    progress: (ExportProgress) -> Void = { _ in }
  ) throws(BSTKError) {
    let folder = try OutputFolder(path, replacesExisting: options.replacesExisting)
    try writeAuxiliaryFiles(of: weights, to: folder)
    let tensors = try outputTensors(of: weights)
    let plan = ShardPlan(tensors, shardByteCount: options.shardByteCount)
    let totalByteCount = tensors.reduce(0) { $0 + $1.byteCount }
    var done = (count: 0, byteCount: 0)
    for shard in plan.shards {
      var writer = try SafetensorsWriter(
        path: folder.file(shard.fileName), tensors: shard.tensors)
      for tensor in writer.tensors {
        progress(
          ExportProgress(
            name: tensor.name, index: done.count, count: tensors.count,
            doneByteCount: done.byteCount, totalByteCount: totalByteCount))
        try write(tensor, of: weights, to: &writer, isCancelled: isCancelled)
        done.count += 1
        done.byteCount += tensor.byteCount
      }
      try writer.finish()
    }
    if let index = try plan.indexBytes() {
      try folder.write(index.span, to: ShardIndex.indexFileName)
    }
    try folder.commit()
  }

  // MARK: Auxiliary files

  private func writeAuxiliaryFiles(
    of weights: BSTKWeights, to folder: borrowing OutputFolder
  ) throws(BSTKError) {
    let decoder = try ChunkDecoder()
    var hasConfiguration = false
    for (number, object) in weights.manifest.objects.enumerated() {
      guard case .auxiliary = object.contents else { continue }
      var text = ConfigurationText(try weights.file.object(number, decoder: decoder))
      if object.name == "config.json" {
        hasConfiguration = true
        if let type = options.elementType { try text.setElementType(type) }
      }
      try folder.write(text.bytes.span, to: object.name)
    }
    guard hasConfiguration else {
      throw BSTKError(
        .model, "the file holds no config.json",
        remedy: "compress it again from a complete model folder")
    }
  }

  // MARK: Tensors

  private func outputTensors(of weights: BSTKWeights) throws(BSTKError) -> [TensorDescription] {
    var tensors: [TensorDescription] = []
    for matrix in weights.manifest.matrixTensors {
      tensors.append(
        try TensorDescription(
          name: matrix.name, type: options.elementType ?? matrix.sourceType,
          shape: [matrix.rows, matrix.columns]))
    }
    for object in weights.manifest.objects {
      guard case .tensor(let type, let dimensions) = object.contents else { continue }
      let output = type.isFloatingPoint ? options.elementType ?? type : type
      tensors.append(
        try TensorDescription(name: object.name, type: output, shape: dimensions))
    }
    return tensors
  }

  private func write(
    _ tensor: TensorDescription, of weights: BSTKWeights, to writer: inout SafetensorsWriter,
    isCancelled: () -> Bool
  ) throws(BSTKError) {
    if let matrix = weights.matrixTensor(named: tensor.name) {
      try weights.forEachStrip(of: matrix) { _, strip throws(BSTKError) in
        try Self.check(isCancelled)
        let bytes = try Self.encode(strip, as: tensor)
        try writer.append(bytes.span)
      }
      return
    }
    guard let number = weights.tensorNumber(named: tensor.name),
      case .tensor(let type, _) = weights.manifest.objects[number].contents
    else { preconditionFailure("\(tensor.name) was listed and is no tensor of the file") }
    let decoder = try ChunkDecoder()
    try weights.file.forEachTile(ofObject: number, decoder: decoder) { tile throws(BSTKError) in
      try Self.check(isCancelled)
      if type == tensor.type {
        try writer.append(tile.span)
        return
      }
      var floats = [Float](repeating: 0, count: tile.count / type.byteCount)
      var span = floats.mutableSpan
      FloatConversion.decode(tile.span, type: type, into: &span, at: 0)
      let bytes = try Self.encode(floats.span, as: tensor)
      try writer.append(bytes.span)
    }
  }

  private static func encode(
    _ floats: Span<Float>, as tensor: TensorDescription
  ) throws(BSTKError) -> [UInt8] {
    if tensor.type == .f16 { try HalfRange.check(floats, of: tensor.name) }
    return FloatConversion.encode(floats, as: tensor.type)
  }

  private static func check(_ isCancelled: () -> Bool) throws(BSTKError) {
    if isCancelled() { throw BSTKError(.cancelled, "the export was cancelled") }
  }
}
