internal import BSTKCodec
internal import BSTKFormat

/// What `bstk inspect` says about a model.
struct ModelReport: Encodable {
  /// A matrix, or a part of one.
  struct MatrixEntry: Encodable {
    let name: String
    /// The row of the tensor with which it begins; 0 unless the tensor is stored in parts.
    let firstRow: Int
    let rows: Int
    let columns: Int
    let kind: String
    let sourceType: String
    let levels: Int
    let levelsBase: Int
    let levelsTotal: Int
    /// Weights that the planes of all levels cannot reach, listed apart.
    let outliers: Int
    let ranks: [Int]
    let vectors: [String]
    /// Stored bytes of all levels.
    let bytes: UInt64
  }

  struct ObjectEntry: Encodable {
    let name: String
    let kind: String
    let type: String?
    let shape: [Int]?
    /// Bytes when decoded, and in the file.
    let bytes: UInt64
    let storedBytes: UInt64
  }

  struct OrderEntry: Encodable {
    let chunk: Int
    let offset: UInt64
    let storedBytes: Int
    let codec: String
    let owner: String
    /// The row of the owner with which its part begins, for a block.
    let firstRow: Int?
    let level: Int?
    let worth: Float?
    let sha256: String
  }

  struct Quality: Encodable {
    struct Point: Encodable {
      let blocks: Int
      let bytes: UInt64
      let value: Double
    }
    let metric: String
    let label: String
    let source: Double?
    let points: [Point]
  }

  let name: String
  let version: String
  let prefix: StateSummary
  let bytes: UInt64
  let publishedBytes: UInt64
  let manifestBytes: UInt64
  let baseBytes: UInt64
  let rootDigest: String
  let provenance: String?
  let quality: Quality?
  let matrices: [MatrixEntry]
  let objects: [ObjectEntry]
  let order: [OrderEntry]
  /// Why the model cannot be used, when it cannot.
  let error: ErrorReport?
}

extension ModelReport {
  init(_ model: NamedModel) {
    let manifest = model.manifest
    let here = manifest.chunkCount(inBytes: model.byteCount)
    name = model.name
    version = "\(manifest.header.major).\(manifest.header.minor)"
    prefix = StateSummary(
      manifest.state(ofByteCount: model.byteCount), chunkCount: here, of: manifest)
    bytes = model.byteCount
    error = model.fault.map { ErrorReport($0) }
    publishedBytes = manifest.header.storedByteCount
    manifestBytes = manifest.header.indexEnd
    baseBytes = manifest.header.baseEnd
    rootDigest = manifest.rootDigest.hex
    provenance = manifest.extensions.provenance
    quality = manifest.extensions.quality.map { Quality($0, manifest) }
    matrices = Self.matrices(manifest, levelsHere: manifest.levelCounts(ofChunks: here))
    objects = Self.objects(manifest)
    order = Self.order(manifest)
  }

  private static func matrices(_ manifest: Manifest, levelsHere: [Int]) -> [MatrixEntry] {
    var bytes = [UInt64](repeating: 0, count: manifest.matrices.count)
    var ranks = [[Int]](repeating: [], count: bytes.count)
    var vectors = [[String]](repeating: [], count: bytes.count)
    for chunk in manifest.chunks {
      guard case .block(let matrix, _, let rank, let type) = chunk.contents else { continue }
      bytes[matrix] += UInt64(chunk.storedByteCount)
      guard let type else { continue }
      if !ranks[matrix].contains(rank) { ranks[matrix].append(rank) }
      if !vectors[matrix].contains(type.name) { vectors[matrix].append(type.name) }
    }
    return manifest.matrices.enumerated().map { number, matrix in
      MatrixEntry(
        name: matrix.name, firstRow: matrix.firstRow, rows: matrix.rows, columns: matrix.columns,
        kind: matrix.kind.name, sourceType: matrix.sourceType.name, levels: levelsHere[number],
        levelsBase: matrix.baseLevelCount, levelsTotal: matrix.levelCount,
        outliers: matrix.outlierCount, ranks: ranks[number].sorted(), vectors: vectors[number],
        bytes: bytes[number])
    }
  }

  private static func objects(_ manifest: Manifest) -> [ObjectEntry] {
    var stored = [UInt64](repeating: 0, count: manifest.objects.count)
    for chunk in manifest.chunks {
      if case .tile(let object) = chunk.contents { stored[object] += UInt64(chunk.storedByteCount) }
    }
    return manifest.objects.enumerated().map { number, object in
      let (kind, type, shape): (String, String?, [Int]?) =
        switch object.contents {
        case .auxiliary: ("file", nil, nil)
        case .tensor(let type, let dimensions): ("tensor", type.name, dimensions)
        case .ignorable(let kind, _): ("kind \(kind)", nil, nil)
        }
      return ObjectEntry(
        name: object.name, kind: kind, type: type, shape: shape, bytes: object.byteCount,
        storedBytes: stored[number])
    }
  }

  private static func order(_ manifest: Manifest) -> [OrderEntry] {
    manifest.chunks.enumerated().map { index, chunk in
      let (owner, firstRow, level): (String, Int?, Int?) =
        switch chunk.contents {
        case .tile(let object): (manifest.objects[object].name, nil, nil)
        case .block(let matrix, let level, _, _):
          (manifest.matrices[matrix].name, manifest.matrices[matrix].firstRow, level)
        }
      let block = index - manifest.tileCount
      return OrderEntry(
        chunk: index, offset: manifest.chunkOffset(index), storedBytes: chunk.storedByteCount,
        codec: chunk.codec.name, owner: owner, firstRow: firstRow, level: level,
        worth: block >= 0 ? manifest.extensions.worths?[block] : nil, sha256: chunk.digest.hex)
    }
  }
}

extension ModelReport.Quality {
  fileprivate init(_ table: QualityTable, _ manifest: Manifest) {
    metric = table.metric.name
    label = table.label
    source = table.sourceValue.isNaN ? nil : table.sourceValue
    points = table.points.map { point in
      Point(
        blocks: manifest.blockCount(ofChunks: point.chunkCount),
        bytes: manifest.byteCount(ofChunks: point.chunkCount), value: point.value)
    }
  }
}
