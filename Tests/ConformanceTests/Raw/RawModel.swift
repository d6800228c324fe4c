import BSTKTestSupport

/// Objects and matrices on their way into a ``RawFile`` in the order the Spec asks for.
struct RawModel {
  private var file = RawFile()
  private var tiles: [RawFile.Chunk] = []
  private var blocks: [RawFile.Chunk] = []
  private var generator: SeededGenerator

  init(seed: UInt64 = 1) { generator = SeededGenerator(seed: seed) }

  /// Adds an auxiliary file.
  mutating func file(_ name: String, _ bytes: [UInt8]) {
    object(name, kind: 1, bytes)
  }

  /// Adds an object of some kind that is described by its length alone.
  mutating func object(_ name: String, kind: UInt8, _ bytes: [UInt8]) {
    file.objects.append(
      RawFile.Object(name: Array(name.utf8), kind: kind, byteCount: UInt64(bytes.count)))
    if !bytes.isEmpty { tile(bytes, codec: 0) }
  }

  /// Adds a tensor; by default of random bytes.
  ///
  /// - Parameter stored: Its chunk, when that is not the bytes themselves.
  mutating func tensor(
    _ name: String, type: UInt8, width: Int, _ dimensions: [UInt32], bytes: [UInt8]? = nil,
    codec: UInt8 = 0
  ) {
    var object = RawFile.Object(name: Array(name.utf8), kind: 2, type: type)
    object.dimensionCount = UInt8(dimensions.count)
    object.dimensions.replaceSubrange(..<dimensions.count, with: dimensions)
    file.objects.append(object)
    tile(bytes ?? generator.bytes(dimensions.reduce(width) { $0 * Int($1) }), codec: codec)
  }

  private mutating func tile(_ stored: [UInt8], codec: UInt8) {
    tiles.append(
      RawFile.Chunk(stored: stored, codec: codec, kind: 1, owner: UInt32(file.objects.count - 1)))
  }

  /// Adds a matrix with a block of random contents for every (rank, vector type).
  mutating func matrix(
    _ name: String, firstRow: Int = 0, _ rows: Int, _ columns: Int, source: UInt8 = 1,
    base: Int = 1, blocks levels: [(rank: Int, vectors: UInt8)]
  ) {
    for (level, block) in levels.enumerated() {
      let payload = RawPayload.block(
        rows: rows, columns: columns, rank: block.rank, vectors: block.vectors, using: &generator)
      self.block(payload, level: level, rank: block.rank, vectors: block.vectors)
    }
    file.matrices.append(
      RawFile.Matrix(
        name: Array(name.utf8), rows: UInt32(rows), columns: UInt32(columns),
        levels: UInt16(levels.count), sourceType: source, baseLevels: UInt16(base),
        firstRow: UInt32(firstRow)))
  }

  /// Adds a matrix of nested planes, all of its blocks raw.
  mutating func matrix(
    _ name: String, firstRow: Int = 0, _ planes: RawPlanes, source: UInt8 = 1, base: Int = 1
  ) {
    for level in 0..<planes.levels {
      block(
        planes.payload(level: level), level: level, rank: level == 0 ? 1 : 0,
        vectors: level == 0 ? planes.vectors : 0)
    }
    file.matrices.append(
      RawFile.Matrix(
        name: Array(name.utf8), rows: UInt32(planes.rows), columns: UInt32(planes.columns),
        levels: UInt16(planes.levels), kind: 2, sourceType: source, baseLevels: UInt16(base),
        outliers: UInt32(planes.outliers.count), firstRow: UInt32(firstRow)))
  }

  private mutating func block(_ payload: [UInt8], level: Int, rank: Int, vectors: UInt8) {
    blocks.append(
      RawFile.Chunk(
        stored: payload, kind: 2, level: UInt16(level), owner: UInt32(file.matrices.count),
        rank: UInt16(rank), vectors: vectors))
  }

  /// Adds a matrix of nested planes of random contents.
  mutating func planes(
    _ name: String, firstRow: Int = 0, _ rows: Int, _ columns: Int, levels: Int, base: Int = 1,
    vectors: UInt8 = 1,
    outliers: Int = 0
  ) {
    let planes = RawPlanes(
      rows: rows, columns: columns, levels: levels, vectors: vectors, outliers: outliers,
      using: &generator)
    matrix(name, firstRow: firstRow, planes, base: base)
  }

  /// The file: tiles, then the base by matrix, then the stack by level.
  func assembled() -> RawFile {
    var file = file
    let base = blocks.filter { $0.level < file.matrices[Int($0.owner)].baseLevels }
    let stack = blocks.filter { $0.level >= file.matrices[Int($0.owner)].baseLevels }
    file.chunks =
      tiles + base.sorted { ($0.owner, $0.level) < ($1.owner, $1.level) }
      + stack.sorted { ($0.level, $0.owner) < ($1.level, $1.owner) }
    return file
  }
}

extension RawFile {
  /// A file, two tensors and two matrices with three and two levels: chunks 0 to 2 are tiles, 3 and
  /// 4 the first levels, 5 to 7 the stack.
  static func sample() -> RawFile {
    var model = RawModel()
    model.file("config.json", Array("{}\n".utf8))
    model.tensor("embed.weight", type: 3, width: 2, [4, 8])
    model.tensor("norm.weight", type: 1, width: 4, [3])
    model.matrix("a.weight", 5, 7, blocks: [(1, 1), (1, 1), (2, 1)])
    model.matrix("b.weight", 4, 8, blocks: [(2, 2), (1, 3)])
    return model.assembled()
  }

  /// A file and four matrices: chunk 0 is the file, 1 and 2 the first levels of a matrix of sign
  /// blocks, 3 to 5 those of nested planes with a list, 6 that of planes under int8 vectors, 7 and 8
  /// those of planes of which the second is stored mirrored; 9 to 12 are the stack.
  static func nested() -> RawFile {
    var model = RawModel(seed: 6)
    model.file("config.json", Array("{}\n".utf8))
    model.matrix("a.weight", 3, 7, base: 2, blocks: [(1, 1), (2, 4), (1, 2)])
    model.planes("b.weight", 4, 11, levels: 4, base: 3, vectors: 1, outliers: 3)
    model.planes("c.weight", 3, 8, levels: 2, vectors: 3)
    model.planes("d.weight", 4, 160, levels: 3, base: 2, vectors: 4)
    var file = model.assembled()
    // The second plane is the first, but for one bit.
    var payload = file.chunks[8].stored
    payload.replaceSubrange(..<80, with: file.chunks[7].stored[..<80])
    payload[33] ^= 0x10
    file.chunks[8].codec = 3
    file.chunks[8].stored = ZstdFrame(Planes.mirror(payload, file.chunks[7].stored, 80)).bytes
    return file
  }

  /// A file, a tensor of sign blocks in two parts, one of nested planes in three parts whose lists
  /// have no entry, one and four, and a whole one: chunk 0 is the file, 1 and 2 the first levels of
  /// the sign blocks, 3 to 7 and 8 those of the planes, 9 to 14 the stack.
  static func parts() -> RawFile {
    var model = RawModel(seed: 14)
    model.file("config.json", Array("{}\n".utf8))
    model.matrix("a.weight", 3, 6, blocks: [(1, 1), (2, 4)])
    model.matrix("a.weight", firstRow: 3, 2, 6, blocks: [(2, 1)])
    model.planes("b.weight", 4, 11, levels: 3, base: 2)
    model.planes("b.weight", firstRow: 4, 1, 11, levels: 2, vectors: 4, outliers: 1)
    model.planes("b.weight", firstRow: 5, 3, 11, levels: 4, base: 2, outliers: 4)
    model.planes("c.weight", 2, 8, levels: 2, vectors: 3)
    return model.assembled()
  }

  /// The smallest tensor in parts, by hand: 3 × 8 elements of one level in two matrices.
  static func tinyParts() -> RawFile {
    var model = RawModel()
    let v = RawPayload.halves([1, 1, 2, 2, 1, 1, 2, 2])
    model.matrix(
      "r.weight",
      RawPlanes(
        rows: 2, columns: 8, levels: 1, vectors: 1,
        numbers: [1, 1, 0, 0, 1, 1, 0, 0] + [1, 0, 1, 0, 1, 0, 1, 0],
        u: RawPayload.halves([1, 2]), v: v, factor: 1, gains: [1], outliers: []))
    model.matrix(
      "r.weight", firstRow: 2,
      RawPlanes(
        rows: 1, columns: 8, levels: 1, vectors: 1, numbers: [0, 0, 0, 0, 1, 1, 1, 1],
        u: RawPayload.halves([4]), v: v, factor: 1, gains: [1], outliers: []))
    return model.assembled()
  }

  /// The smallest file of nested planes, by hand: 2 × 9 elements, three levels, two of them in the
  /// base, and two outliers.
  static func tinyPlanes() -> RawFile {
    var model = RawModel()
    model.matrix(
      "p.weight",
      RawPlanes(
        rows: 2, columns: 9, levels: 3, vectors: 1,
        numbers: [7, 0, 4, 3, 5, 2, 6, 1, 4] + [1, 6, 7, 0, 3, 4, 2, 5, 3],
        u: RawPayload.halves([1, 0.5]), v: RawPayload.halves([1, 2, 4, 1, 1, 2, 1, 0.5, 1]),
        factor: 1.5, gains: [1.25, 0.875, 1], outliers: [(11, 0x4200), (15, 0x3E00)]), base: 2)
    return model.assembled()
  }

  /// The smallest file that shows everything: one file, one tensor, one matrix of two levels.
  static func tiny() -> RawFile {
    var model = RawModel(seed: 2)
    model.file("config.json", Array("{\"x\":1}\n".utf8))
    model.tensor(
      "norm.weight", type: 1, width: 4, [2],
      bytes: [Float(1), 0.5].flatMap(\.bitPattern.littleEndianBytes))
    model.matrix("q.weight", 3, 5, blocks: [(1, 1), (1, 1)])
    return model.assembled()
  }
}
