extension Manifest {
  /// Makes the manifest of a new file from its tables; the header is derived.
  ///
  /// ``Header/indexDigest`` is zero until ``withIndexDigest(_:)`` supplies it, since this module
  /// cannot hash.
  ///
  /// - Parameters:
  ///   - matrices: Sorted by the bytes of their names, parts of one tensor by their first rows.
  ///   - objects: Auxiliary files before tensors, each sorted by the bytes of their names.
  ///   - chunks: In file order; the base first, as the Spec orders it.
  /// - Throws: ``BSTKError`` when the tables break a rule of the Spec.
  public init(
    matrices: [MatrixRecord], objects: [ObjectRecord], chunks: [ChunkRecord],
    extensions: IndexExtensions
  ) throws(BSTKError) {
    guard !chunks.isEmpty else {
      throw BSTKError(
        .table, "a file has at least one chunk", remedy: "compress a model that has tensors")
    }
    var previous: MatrixRecord?
    for matrix in matrices {
      try NameRules.check(matrix.name, isFile: false)
      try matrix.validate(after: previous, at: 0)
      previous = matrix
    }
    for object in objects {
      try NameRules.check(object.name, isFile: object.isFile)
      try object.validate(at: 0)
    }
    try extensions.validateContents()
    let draft = Draft(matrices: matrices, objects: objects, chunks: chunks, extensions: extensions)
    try self.init(
      header: draft.header(), matrices: matrices, objects: objects, chunks: chunks,
      extensions: extensions)
  }

  /// The same manifest with its index digest filled in.
  public func withIndexDigest(_ digest: Digest) -> Manifest {
    var header = header
    header.indexDigest = digest
    return Manifest(
      header: header, matrices: matrices, objects: objects, chunks: chunks,
      extensions: extensions, matrixTensors: matrixTensors, chunkOffsets: chunkOffsets,
      layouts: layouts, baseChunkCount: baseChunkCount, directory: directory)
  }

  /// The bytes of the index.
  public func serializedIndex() -> [UInt8] {
    let draft = Draft(matrices: matrices, objects: objects, chunks: chunks, extensions: extensions)
    return draft.serializedIndex()
  }

  /// Tables before the header that describes them exists.
  private struct Draft {
    let matrices: [MatrixRecord]
    let objects: [ObjectRecord]
    let chunks: [ChunkRecord]
    let extensions: IndexExtensions

    private var namePool: [UInt8] {
      matrices.flatMap { Array($0.name.utf8) } + objects.flatMap { Array($0.name.utf8) }
    }

    private func serializedExtensions() -> [UInt8] {
      var writer = ByteWriter()
      extensions.write(to: &writer)
      return writer.bytes
    }

    func serializedIndex() -> [UInt8] {
      var writer = ByteWriter()
      for matrix in matrices { matrix.write(to: &writer) }
      for object in objects { object.write(to: &writer) }
      for chunk in chunks { chunk.write(to: &writer) }
      writer.raw(namePool)
      writer.pad(to: 8)
      writer.raw(serializedExtensions())
      return writer.bytes
    }

    func header() throws(BSTKError) -> Header {
      let poolByteCount = namePool.count
      let extensionByteCount = serializedExtensions().count
      let indexByteCount =
        matrices.count * MatrixRecord.byteCount + objects.count * ObjectRecord.byteCount
        + chunks.count * ChunkRecord.byteCount + poolByteCount.roundedUp(to: 8)
        + extensionByteCount
      let manifestByteCount = UInt64(Limits.headerByteCount + indexByteCount)
      guard manifestByteCount <= Limits.largeManifestByteCount,
        matrices.count <= Int(Limits.matrixCount), objects.count <= Int(Limits.objectCount),
        chunks.count <= Int(Limits.chunkCount)
      else {
        throw BSTKError(
          .limit, "\(chunks.count) chunks need an index above the Spec's limit",
          remedy: "use fewer levels")
      }
      var flags = FeatureFlags()
      if manifestByteCount > Limits.manifestByteCount {
        flags.incompatible |= FeatureFlags.largeIndex
      }
      var position = manifestByteCount
      var baseEnd: UInt64 = 0
      let baseChunkCount =
        objects.reduce(0) { $0 + $1.tileCount } + matrices.reduce(0) { $0 + $1.baseLevelCount }
      for (index, chunk) in chunks.enumerated() {
        position =
          position.roundedUp(to: UInt64(Limits.chunkAlignment)) + UInt64(chunk.storedByteCount)
        if index + 1 == baseChunkCount { baseEnd = position }
      }
      return Header(
        major: Header.majorVersion, minor: Header.minorVersion, flags: flags,
        indexByteCount: UInt64(indexByteCount), baseEnd: baseEnd, storedByteCount: position,
        matrixCount: UInt32(matrices.count), objectCount: UInt32(objects.count),
        chunkCount: UInt32(chunks.count), namePoolByteCount: UInt32(poolByteCount),
        extensionByteCount: UInt32(extensionByteCount), indexDigest: .zero)
    }
  }
}
