import BSTKCodec
import BSTKFormat

/// A `.bstk` file as its plain numbers, written by code that shares nothing with the library's
/// writer and checks nothing, so that every rule can be broken on purpose.
struct RawFile {
  /// A record of the matrix table.
  struct Matrix {
    var name: [UInt8]
    var rows: UInt32
    var columns: UInt32
    var levels: UInt16
    var kind: UInt8 = 1
    var sourceType: UInt8 = 1
    var baseLevels: UInt16 = 1
    var outliers: UInt32 = 0
    var firstRow: UInt32 = 0
    var reserved = [UInt8](repeating: 0, count: 8)
  }

  /// A record of the object table.
  struct Object {
    var name: [UInt8]
    var kind: UInt8
    var type: UInt8 = 0
    var dimensionCount: UInt8 = 0
    var reserved = [UInt8](repeating: 0, count: 3)
    var dimensions: [UInt32] = [0, 0, 0, 0]
    var byteCount: UInt64 = 0
    var moreReserved = [UInt8](repeating: 0, count: 16)
  }

  /// A record of the chunk table and the chunk itself.
  struct Chunk {
    var stored: [UInt8]
    var codec: UInt8 = 0
    var kind: UInt8
    var level: UInt16 = 0
    var owner: UInt32
    var rank: UInt16 = 0
    var vectors: UInt8 = 0
    var reserved: UInt8 = 0
    /// What the table says instead of the true length.
    var statedByteCount: UInt32?
    /// What the table says instead of the true digest.
    var statedDigest: [UInt8]?
  }

  var minor: UInt16 = 0
  var incompatible: UInt64 = 0
  var readOnlyCompatible: UInt64 = 0
  var compatible: UInt64 = 0
  var matrices: [Matrix] = []
  var objects: [Object] = []
  var chunks: [Chunk] = []
  var extensions: [UInt8] = []
  /// Stated by the header instead of the number of tile chunks plus that of levels in the base.
  var statedBaseChunkCount: Int?

  /// Chunks of the base.
  var baseChunkCount: Int {
    statedBaseChunkCount
      ?? matrices.reduce(0) { $0 + Int($1.baseLevels) } + chunks.count { $0.kind == 1 }
  }
}

extension RawFile {
  private static func align(_ value: Int, _ alignment: Int) -> Int {
    (value + alignment - 1) / alignment * alignment
  }

  private var namePool: [UInt8] {
    Array(matrices.map(\.name).joined()) + Array(objects.map(\.name).joined())
  }

  /// The bytes of the index.
  func index() -> [UInt8] {
    var bytes: [UInt8] = []
    for matrix in matrices {
      bytes += UInt16(matrix.name.count).littleEndianBytes + [matrix.kind, matrix.sourceType]
      bytes += matrix.rows.littleEndianBytes + matrix.columns.littleEndianBytes
      bytes += matrix.levels.littleEndianBytes + matrix.baseLevels.littleEndianBytes
      bytes += matrix.outliers.littleEndianBytes + matrix.firstRow.littleEndianBytes
      bytes += matrix.reserved
    }
    for object in objects {
      bytes += UInt16(object.name.count).littleEndianBytes + [object.kind, object.type]
      bytes += [object.dimensionCount] + object.reserved
      for dimension in object.dimensions { bytes += dimension.littleEndianBytes }
      bytes += object.byteCount.littleEndianBytes + object.moreReserved
    }
    for chunk in chunks {
      bytes += chunk.statedDigest ?? SHA256Hasher.digest(of: chunk.stored.span).bytes
      bytes += (chunk.statedByteCount ?? UInt32(chunk.stored.count)).littleEndianBytes
      bytes += [chunk.codec, chunk.kind] + chunk.level.littleEndianBytes
      bytes += chunk.owner.littleEndianBytes + chunk.rank.littleEndianBytes
      bytes += [chunk.vectors, chunk.reserved]
    }
    let pool = namePool
    bytes += pool + [UInt8](repeating: 0, count: Self.align(pool.count, 8) - pool.count)
    return bytes + extensions
  }

  /// The bytes of the file.
  func bytes() -> [UInt8] {
    let index = index()
    var body: [UInt8] = []
    var position = 256 + index.count
    var baseEnd = position
    for (number, chunk) in chunks.enumerated() {
      let start = Self.align(position, 64)
      body += [UInt8](repeating: 0, count: start - position) + chunk.stored
      position = start + chunk.stored.count
      if number + 1 == baseChunkCount { baseEnd = position }
    }
    var header: [UInt8] = [0x89, 0x42, 0x53, 0x54, 0x4B, 0x0D, 0x0A, 0x1A]
    header += UInt16(1).littleEndianBytes + minor.littleEndianBytes
    header += UInt32(256).littleEndianBytes + incompatible.littleEndianBytes
    header += readOnlyCompatible.littleEndianBytes + compatible.littleEndianBytes
    header += UInt64(index.count).littleEndianBytes + UInt64(baseEnd).littleEndianBytes
    header += UInt64(position).littleEndianBytes
    header += UInt32(matrices.count).littleEndianBytes + UInt32(objects.count).littleEndianBytes
    header += UInt32(chunks.count).littleEndianBytes + UInt32(namePool.count).littleEndianBytes
    header += UInt32(extensions.count).littleEndianBytes
    header += [UInt8](repeating: 0, count: 44)
    header += [UInt8](repeating: 0, count: 32 + 92 + 4)
    var file = header + index + body
    Seal.index(&file)
    return file
  }

  /// The offset in the file of the record of chunk `number`.
  func recordOffset(ofChunk number: Int) -> Int {
    256 + 32 * matrices.count + 48 * objects.count + 48 * number
  }

  /// The offset in the file of chunk `number`.
  func offset(ofChunk number: Int) -> Int {
    var position = 256 + index().count
    for chunk in chunks[..<number] { position = Self.align(position, 64) + chunk.stored.count }
    return Self.align(position, 64)
  }
}
