public import BSTKFormat

/// A model folder in the layout of the Hugging Face transformers library: `config.json`, the
/// weights as one `model.safetensors` or as shards under `model.safetensors.index.json`, and the
/// tokenizer's files.
///
/// Opening reads the headers; tensor data is read on demand. Files may be symbolic links, as in
/// the download cache. Safe to use from several threads.
public final class HuggingFaceFolder: ModelSource {
  /// The path the folder was opened by.
  public let path: String
  /// Every tensor, sorted by the bytes of its name.
  public let tensors: [TensorDescription]
  /// Names of the files besides the weights that belong to the model, sorted.
  public let auxiliaryFiles: [String]

  private let shards: [SafetensorsFile]
  private let locations: [String: Location]

  private struct Location {
    let shard: Int
    let tensor: SafetensorsTensor
  }

  /// Opens a folder and validates the headers of its weights.
  ///
  /// - Throws: `MODEL` when the folder is not a model or its parts contradict each other, else
  ///   what ``SafetensorsFile/init(path:)`` throws.
  public init(path: String) throws(BSTKError) {
    let listing = try FolderListing(path: path)
    guard listing.contains("config.json") else {
      throw BSTKError(
        .model, "\(path) has no config.json",
        remedy: "name the folder of a model in the Hugging Face layout")
    }
    let plan = try ShardIndex(folder: path, listing: listing)
    var shards: [SafetensorsFile] = []
    var locations: [String: Location] = [:]
    for (number, name) in plan.shards.enumerated() {
      let shard = try SafetensorsFile(path: "\(path)/\(name)")
      for tensor in shard.tensors {
        try plan.check(tensor.name, isIn: name)
        // The index names one shard a tensor, so a name cannot come twice.
        locations[tensor.name] = Location(shard: number, tensor: tensor)
      }
      shards.append(shard)
    }
    try plan.checkComplete { locations[$0] != nil }
    self.path = path
    self.shards = shards
    self.locations = locations
    tensors = locations.values.map(\.tensor.description)
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    auxiliaryFiles = listing.auxiliaryFiles
  }

  /// The tensor of that name, or nil.
  public func tensor(named name: String) -> TensorDescription? {
    locations[name]?.tensor.description
  }

  /// Fills `buffer` with a tensor's stored bytes, from byte `offset` of the tensor on.
  ///
  /// - Precondition: the bytes asked for lie inside the tensor.
  /// - Throws: `MODEL` when there is no such tensor, `IO` when the file cannot be read.
  public func readBytes(
    of name: String, from offset: Int, into buffer: inout MutableSpan<UInt8>
  ) throws(BSTKError) {
    let location = try location(of: name)
    try shards[location.shard].readBytes(of: location.tensor, from: offset, into: &buffer)
  }

  /// Fills `buffer` with a tensor's elements as fp32, from element `first` on, row-major.
  ///
  /// - Precondition: the elements asked for lie inside the tensor.
  /// - Throws: `MODEL` when there is no such tensor, `MODEL_UNSUPPORTED` when its elements are not
  ///   floating point, `IO` when the file cannot be read.
  public func readFloats(
    of name: String, from first: Int, into buffer: inout MutableSpan<Float>
  ) throws(BSTKError) {
    let location = try location(of: name)
    try shards[location.shard].readFloats(of: location.tensor, from: first, into: &buffer)
  }

  /// The bytes of one of the ``auxiliaryFiles``.
  ///
  /// - Throws: `LIMIT` above 64 MiB, `IO` when the file cannot be read.
  public func auxiliaryBytes(_ name: String) throws(BSTKError) -> [UInt8] {
    precondition(auxiliaryFiles.contains(name), "not an auxiliary file")
    return try FolderListing.bytes(ofSmallFile: "\(path)/\(name)")
  }

  private func location(of name: String) throws(BSTKError) -> Location {
    guard let location = locations[name] else {
      throw BSTKError(.model, "\(path) has no tensor \(name)")
    }
    return location
  }
}
