public import BSTKTokenizer
public import BSTKModelFiles
public import BSTKFormat
public import BSTKStore

internal import BSTKCodec

/// A model to run: a Hugging Face folder, a GGUF file, or a `.bstk` file or prefix, with its
/// configuration.
public struct LanguageModel: Sendable {
  /// Where the model came from.
  public enum Origin: Sendable {
    /// A Hugging Face folder or a GGUF file.
    case folder(any ModelSource)
    /// A `.bstk` file.
    case file(ModelFile)
  }

  /// Where the model came from.
  public let origin: Origin
  /// Its shape.
  public let configuration: ModelConfiguration

  /// Opens a folder or a file, whichever `path` is.
  ///
  /// - Throws: `MODEL_UNSUPPORTED` when no forward pass exists for the architecture, and what
  ///   opening throws.
  public init(path: String) throws(BSTKError) {
    try self.init(
      FileSystem.isFolder(path) || GGUFFile.isLikely(path)
        ? .folder(ModelSources.open(path)) : .file(ModelFile(path)))
  }

  /// Wraps what is open already.
  public init(_ origin: Origin) throws(BSTKError) {
    self.origin = origin
    if case .file(let file) = origin { try file.requireUsable() }
    let bytes = try Self.auxiliaryFile("config.json", of: origin)
    configuration = try ModelConfiguration(json: bytes.span)
  }

  /// The tokenizer: `tokenizer.json`, or the SentencePiece `tokenizer.model` where there is none.
  ///
  /// - Throws: `MODEL` when the model has neither, `TOKENIZER` when it cannot be used.
  public func tokenizer() throws(BSTKError) -> Tokenizer {
    try Tokenizer(files: { name throws(BSTKError) in
      try Self.auxiliaryFileIfPresent(name, of: origin)
    })
  }

  /// The weights: all of a folder, or the prefix of a file up to `cut`.
  public func weights(_ cut: Cut? = nil) throws(BSTKError) -> any WeightSource {
    switch origin {
    case .folder(let folder): folder
    case .file(let file): try BSTKWeights(file, chunkCount: cut?.chunkCount)
    }
  }

  private static func auxiliaryFile(
    _ name: String, of origin: Origin
  ) throws(BSTKError) -> [UInt8] {
    guard let bytes = try auxiliaryFileIfPresent(name, of: origin) else {
      throw BSTKError(.model, "the model has no \(name)")
    }
    return bytes
  }

  private static func auxiliaryFileIfPresent(
    _ name: String, of origin: Origin
  ) throws(BSTKError) -> [UInt8]? {
    switch origin {
    case .folder(let folder):
      if folder.auxiliaryFiles.contains(name) { return try folder.auxiliaryBytes(name) }
    case .file(let file):
      let number = file.manifest.objects.firstIndex { object in
        if case .auxiliary = object.contents { object.name == name } else { false }
      }
      if let number {
        let decoder = try ChunkDecoder()
        return try file.object(number, decoder: decoder)
      }
    }
    return nil
  }
}
