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
    _ name: String, _ rows: Int, _ columns: Int, source: UInt8 = 1,
    blocks levels: [(rank: Int, vectors: UInt8)]
  ) {
    for (level, block) in levels.enumerated() {
      let payload = RawPayload.block(
        rows: rows, columns: columns, rank: block.rank, vectors: block.vectors, using: &generator)
      blocks.append(
        RawFile.Chunk(
          stored: payload, kind: 2, level: UInt16(level), owner: UInt32(file.matrices.count),
          rank: UInt16(block.rank), vectors: block.vectors))
    }
    file.matrices.append(
      RawFile.Matrix(
        name: Array(name.utf8), rows: UInt32(rows), columns: UInt32(columns),
        levels: UInt16(levels.count), sourceType: source))
  }

  /// The file: tiles, then blocks by level, then by matrix.
  func assembled() -> RawFile {
    var file = file
    file.chunks = tiles + blocks.sorted { ($0.level, $0.owner) < ($1.level, $1.owner) }
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
