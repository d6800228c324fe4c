public import BSTKFormat
internal import BSTKNumerics

/// A GGUF file as a model to compress or to measure: tensors under Hugging Face names and in its
/// layout, decoded, with the configuration and the tokenizer made from the metadata.
///
/// Elements that are quantized become fp16, the precision of their scales, as in the folders that
/// are made from such files: what is read as fp32 is rounded so as well, and a file and a folder made
/// from it are compressed to the same blocks. Safe to use from several threads.
public final class GGUFModel: ModelSource {
  /// The path the file was opened by.
  public let path: String
  /// Every tensor, sorted by the bytes of its name.
  public let tensors: [TensorDescription]
  /// Names of the files that were made from the metadata, sorted.
  public let auxiliaryFiles: [String]

  private let file: GGUFFile
  private let entries: [String: Entry]
  private let files: [String: [UInt8]]

  private struct Entry {
    let tensor: GGUFTensor
    let description: TensorDescription
    /// The order of each head's rows, where it is not the library's.
    let order: GGUFHeadOrder?
  }

  /// Opens a file and makes configuration and tokenizer.
  ///
  /// - Throws: what ``GGUFFile/init(path:)`` does; `MODEL_UNSUPPORTED` naming an architecture, a
  ///   pre-tokenizer, a tensor or a feature that is not known; `GGUF` when metadata are missing or
  ///   contradict the tensors.
  public convenience init(path: String) throws(BSTKError) {
    let file = try GGUFFile(path: path)
    do {
      try self.init(file, path: path)
    } catch {
      throw BSTKError(
        error.code, "\(path): \(error.message)", offset: error.offset, remedy: error.remedy)
    }
  }

  /// Wraps an open file.
  ///
  /// - Parameter path: What the file is called in messages.
  init(_ file: GGUFFile, path: String) throws(BSTKError) {
    let configuration = try GGUFConfiguration(file)
    let family = configuration.family
    var entries: [String: Entry] = [:]
    for tensor in file.tensors where !GGUFConfiguration.isConsumed(tensor.name) {
      guard let name = family.libraryName(tensor.name) else {
        throw BSTKError(
          .modelUnsupported,
          "files of the architecture \(family.architecture) with a tensor \(tensor.name) are not"
            + " known")
      }
      let description = try TensorDescription(
        name: name, type: tensor.type.decoded, shape: tensor.shape)
      entries[name] = Entry(
        tensor: tensor, description: description,
        order: try Self.order(of: tensor, named: name, configuration))
    }
    var files = [
      "config.json": try configuration.json(elementType: Self.elementType(file)).encoded()
    ]
    if let tokenizer = try GGUFTokenizer(file, vocabularySize: configuration.vocabularySize) {
      files["tokenizer.json"] = tokenizer.json.encoded()
      files["tokenizer_config.json"] =
        try tokenizer.configuration(maximumPositions: configuration.maximumPositions).encoded()
      files["generation_config.json"] = tokenizer.generation.encoded()
    }
    self.file = file
    self.path = path
    self.entries = entries
    self.files = files
    tensors = entries.values.map(\.description)
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    auxiliaryFiles = files.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func order(
    of tensor: GGUFTensor, named name: String, _ configuration: GGUFConfiguration
  ) throws(BSTKError) -> GGUFHeadOrder? {
    guard let heads = configuration.family.permutedHeads(name, configuration.heads) else {
      return nil
    }
    let rows = tensor.shape[0]
    guard tensor.shape.count <= 2, rows % (2 * heads) == 0 else {
      throw GGUFHeader.fault(
        "tensor \(tensor.name) has \(rows) rows, which are not those of \(heads) heads", at: nil)
    }
    return GGUFHeadOrder(rowCount: rows / heads)
  }

  /// The type that most of the model has once it is decoded, for its configuration.
  private static func elementType(_ file: GGUFFile) -> ElementType {
    let matrices = file.tensors.filter { $0.shape.count == 2 }
    if matrices.contains(where: { $0.type.decoded == .bf16 }) { return .bf16 }
    return matrices.contains { $0.type.decoded == .f16 } ? .f16 : .f32
  }

  /// The tensor of that name, or nil.
  public func tensor(named name: String) -> TensorDescription? { entries[name]?.description }

  /// Fills `buffer` with a tensor's bytes in its type, from byte `offset` of the tensor on.
  ///
  /// - Throws: as ``readFloats(of:from:into:)``.
  public func readBytes(
    of name: String, from offset: Int, into buffer: inout MutableSpan<UInt8>
  ) throws(BSTKError) {
    let type = try entry(name).description.type
    let width = type.byteCount
    let first = offset / width
    let end = (offset + buffer.count + width - 1) / width
    var floats = [Float](repeating: 0, count: end - first)
    var span = floats.mutableSpan
    try readFloats(of: name, from: first, into: &span)
    let bytes = FloatConversion.encode(floats.span, as: type)
    for index in buffer.indices { buffer[index] = bytes[offset - first * width + index] }
  }

  /// Fills `buffer` with a tensor's elements as fp32, from element `first` on, row-major.
  ///
  /// - Throws: `FLOAT` when an element of a quantized tensor is too large for fp16, besides what
  ///   the protocol says.
  public func readFloats(
    of name: String, from first: Int, into buffer: inout MutableSpan<Float>
  ) throws(BSTKError) {
    let entry = try entry(name)
    try readFloats(of: entry, from: first, into: &buffer)
    guard entry.tensor.type.plain == nil else { return }
    try HalfRange.check(buffer.span, of: name)
    var halves = [UInt16](repeating: 0, count: buffer.count)
    var span = halves.mutableSpan
    HalfFloats.narrow(buffer.span, fp16: &span)
    HalfFloats.widen(fp16: halves.span, into: &buffer)
  }

  private func readFloats(
    of entry: Entry, from first: Int, into buffer: inout MutableSpan<Float>
  ) throws(BSTKError) {
    guard let order = entry.order else {
      return try file.readFloats(of: entry.tensor, from: first, into: &buffer)
    }
    // The rows of a vector are single elements.
    let width = entry.tensor.shape.count == 1 ? 1 : entry.tensor.rowElementCount
    let headElementCount = order.rowCount * width
    var head = [Float](repeating: 0, count: headElementCount)
    var loaded = -1
    for index in buffer.indices {
      let element = first + index
      let number = element / headElementCount
      if number != loaded {
        var span = head.mutableSpan
        try file.readFloats(of: entry.tensor, from: number * headElementCount, into: &span)
        loaded = number
      }
      let (row, column) = (element / width % order.rowCount, element % width)
      buffer[index] = head[order.fileRow(row) * width + column]
    }
  }

  /// The bytes of one of the ``auxiliaryFiles``.
  public func auxiliaryBytes(_ name: String) throws(BSTKError) -> [UInt8] {
    guard let bytes = files[name] else { preconditionFailure("not an auxiliary file") }
    return bytes
  }

  private func entry(_ name: String) throws(BSTKError) -> Entry {
    guard let entry = entries[name] else {
      throw BSTKError(.model, "\(path) has no tensor \(name)")
    }
    return entry
  }
}
