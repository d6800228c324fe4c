public import BSTKCodec
public import BSTKModelFiles
public import BSTKFormat
public import BSTKStore
internal import BSTKNumerics

/// A model in memory that grows and shrinks with its budget: the paper's variable-memory case
/// (arXiv 2410.23918 section 1).
///
/// Its blocks are held as they are stored. Growing reads those between the two cuts, shrinking
/// frees them and gives their memory back to the system; nothing is calculated either way. A
/// ``GenerationState`` stays usable across both.
///
/// A model can also be fed with the chunks of a download as they are verified: the base through a
/// `WeightAssembly`, further ones with ``append(stored:decoder:isVerified:)``.
public struct ResizableModel: ~Copyable, Sendable {
  /// Header and index of the file the blocks come from.
  public let manifest: Manifest
  /// Where the model reads blocks when it grows; nil while they only arrive.
  public var file: ModelFile?
  /// The leading chunks of the file that are in memory.
  public private(set) var chunkCount: Int
  /// The model as it is now.
  public private(set) var resident: ResidentModel
  /// Where each matrix of the file is, with its number among the parts of its tensor; nil where the
  /// forward pass does not use it.
  private let places: [(place: MatrixPlace, part: Int)?]

  /// Loads a cut of a file.
  ///
  /// Chunks are read in their order and decoded one after the other, straight into their places.
  ///
  /// - Parameter progress: Called after each chunk; throwing stops the loading.
  /// - Throws: `TOO_SHORT` when the file does not hold the cut, and what loading throws.
  public init(
    _ file: ModelFile, configuration: ModelConfiguration, cut: Cut,
    progress: (WorkProgress) throws -> Void = { _ in }
  ) throws {
    try file.require(cut)
    // What was needed before, by a tokenizer for instance, would add to the peak.
    Heap.giveBack()
    let decoder = try ChunkDecoder()
    var assembly = WeightAssembly(file.manifest)
    while assembly.chunkCount < cut.chunkCount {
      let chunk = assembly.chunkCount
      switch file.manifest.layout(ofChunk: chunk) {
      case .file, .ignorable: assembly.skip()
      case .tensor, .signBlock, .firstPlane, .refinement:
        try file.withStoredBytes(ofChunk: chunk) { stored throws(BSTKError) in
          try assembly.append(stored: stored, decoder: decoder)
        }
      }
      try progress(WorkProgress(completed: chunk + 1, total: cut.chunkCount))
    }
    try self.init(assembly, configuration: configuration)
    self.file = file
  }

  /// Takes over what an assembly holds.
  ///
  /// - Throws: `TOO_SHORT` while the base is not whole, and `BSTKError` when a tensor is missing or
  ///   misshapen.
  public init(_ assembly: consuming WeightAssembly, configuration: ModelConfiguration) throws {
    manifest = assembly.manifest
    chunkCount = assembly.chunkCount
    resident = try ResidentModel(configuration: configuration, weights: assembly)
    let places = configuration.matrixPlaces
    self.places = manifest.matrixTensors.flatMap { tensor in
      tensor.parts.map { number in
        places[tensor.name].map { (place: $0, part: number - tensor.parts.lowerBound) }
      }
    }
    Heap.giveBack()
  }

  /// The cut that is in memory.
  public var cut: Cut { manifest.cut(afterChunks: chunkCount) }

  /// Takes the next chunk of the file, a block behind those in memory.
  ///
  /// - Parameters:
  ///   - stored: Its bytes in the file.
  ///   - isVerified: Whether they have been compared with the index already.
  /// - Precondition: the file has one more.
  /// - Throws: what decoding the chunk throws; the model is as before then.
  public mutating func append(
    stored: Span<UInt8>, decoder: borrowing ChunkDecoder, isVerified: Bool = false
  ) throws(BSTKError) {
    let chunk = chunkCount
    guard case .block(let number, _, _, _) = manifest.chunks[chunk].contents else {
      preconditionFailure("behind the base there are only blocks")
    }
    if let (place, part) = places[number] {
      let firstPlane = manifest.firstPlane(ofChunk: chunk) { _ in
        resident.part(part, at: place)
      }
      let payload = try decoder.decode(
        stored, chunk: chunk, of: manifest, firstPlane: firstPlane?.span, isVerified: isVerified)
      try resident.updatePart(part, at: place) { matrix throws(BSTKError) in
        var grown: PackedMatrix? = matrix
        try manifest.append(payload, chunk: chunk, to: &grown)
        if let grown { matrix = grown }
      }
    }
    chunkCount = chunk + 1
  }

  /// Goes to another cut of the same file.
  ///
  /// - Returns: The number of blocks that were added or taken off.
  /// - Throws: `TOO_SHORT` when the file does not hold the cut or the model has none; the model is as
  ///   before then. What reading blocks throws; the model then has those before the bad one.
  @discardableResult
  public mutating func resize(to new: Cut) throws(BSTKError) -> Int {
    let changed = abs(new.chunkCount - chunkCount)
    if new.chunkCount < chunkCount {
      shrink(toChunks: new.chunkCount)
    } else if new.chunkCount > chunkCount {
      guard let file else {
        throw BSTKError(.tooShort, "the blocks are not here yet", section: .tail)
      }
      try file.require(new)
      let decoder = try ChunkDecoder()
      while chunkCount < new.chunkCount {
        try file.withStoredBytes(ofChunk: chunkCount) { stored throws(BSTKError) in
          try append(stored: stored, decoder: decoder)
        }
      }
    }
    return changed
  }

  /// Frees the blocks behind the first `count` chunks.
  private mutating func shrink(toChunks count: Int) {
    precondition(count >= manifest.baseChunkCount, "a cut includes the base")
    var levels = [Int](repeating: 0, count: manifest.matrices.count)
    for chunk in manifest.chunks[count..<chunkCount] {
      if case .block(let number, _, _, _) = chunk.contents { levels[number] += 1 }
    }
    for (number, count) in levels.enumerated() where count > 0 {
      guard let (place, part) = places[number] else { continue }
      resident.updatePart(part, at: place) { $0.removeLast(count) }
    }
    chunkCount = count
    Heap.giveBack()
  }
}

extension ModelFile {
  /// Refuses a cut that is not there.
  ///
  /// - Throws: `TOO_SHORT` or `OVERLONG`.
  fileprivate func require(_ cut: Cut) throws(BSTKError) {
    try requireUsable()
    guard cut.chunkCount <= chunkCount else {
      throw BSTKError(
        .tooShort, "\(cut.chunkCount) chunks are asked for, the file has \(chunkCount)",
        offset: byteCount, section: .tail)
    }
  }

  /// Lends the bytes of a chunk as they stand in the file.
  fileprivate func withStoredBytes(
    ofChunk index: Int, _ body: (Span<UInt8>) throws(BSTKError) -> Void
  ) throws(BSTKError) {
    try source.withBytes(
      at: manifest.chunkOffset(index), count: manifest.chunks[index].storedByteCount, body)
  }
}
