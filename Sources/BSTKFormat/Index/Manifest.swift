/// Header and index of a `.bstk` file: everything a client needs to know before it fetches, plans,
/// verifies or decodes a single chunk.
///
/// A manifest exists only if header and tables agree with each other and with the Spec, so code
/// that holds one may rely on every derived length and offset. Parsing and planning take time and
/// memory in proportion to the index.
public struct Manifest: Hashable, Sendable {
  /// The header.
  public let header: Header
  /// The matrices that are coded in levels, by name; parts of one tensor by their first rows.
  public let matrices: [MatrixRecord]
  /// Auxiliary files by name, then dense tensors by name, then kinds this release ignores.
  public let objects: [ObjectRecord]
  /// The chunks in file order.
  public let chunks: [ChunkRecord]
  /// What the index says beyond its tables.
  public let extensions: IndexExtensions
  /// The tensors that the matrices are or are parts of, in the same order.
  public let matrixTensors: [MatrixTensor]
  /// The offset in the file of each chunk.
  public let chunkOffsets: [UInt64]
  /// What each chunk's payload is made of.
  public let layouts: [ChunkLayout]
  /// The chunks of the base: every object and the first levels of every matrix.
  public let baseChunkCount: Int
  /// Where the chunks of each object and matrix stand.
  let directory: ChunkDirectory
}

extension Manifest {
  /// Parses the index that belongs to `header`.
  ///
  /// The caller has compared the SHA-256 of the index with ``Header/indexDigest`` before; this
  /// module cannot hash.
  ///
  /// - Parameter bytes: The index, exactly ``Header/indexByteCount`` bytes.
  /// - Throws: ``BSTKError`` with the code of the first fault found.
  public init(header: Header, parsingIndex bytes: Span<UInt8>) throws(BSTKError) {
    guard UInt64(bytes.count) == header.indexByteCount else {
      throw BSTKError(
        .tooShort, "the index has \(header.indexByteCount) bytes, \(bytes.count) are here",
        offset: header.indexEnd, section: .index)
    }
    var reader = ByteReader(
      bytes, origin: UInt64(Limits.headerByteCount), section: .matrixTable)
    var rawMatrices: [MatrixRecord.Raw] = []
    rawMatrices.reserveCapacity(Int(header.matrixCount))
    for _ in 0..<header.matrixCount { rawMatrices.append(try MatrixRecord.Raw(&reader)) }
    reader.section = .objectTable
    var rawObjects: [ObjectRecord.Raw] = []
    rawObjects.reserveCapacity(Int(header.objectCount))
    for _ in 0..<header.objectCount { rawObjects.append(try ObjectRecord.Raw(&reader)) }
    reader.section = .chunkTable
    var chunks: [ChunkRecord] = []
    chunks.reserveCapacity(Int(header.chunkCount))
    for _ in 0..<header.chunkCount { chunks.append(try ChunkRecord(&reader)) }

    reader.section = .namePool
    let poolByteCount = Int(header.namePoolByteCount)
    var pool = ByteReader(
      try reader.span(poolByteCount), origin: reader.offset - UInt64(poolByteCount),
      section: .namePool)
    try reader.zeros(poolByteCount.roundedUp(to: 8) - poolByteCount, .padding)
    var matrices: [MatrixRecord] = []
    matrices.reserveCapacity(rawMatrices.count)
    for raw in rawMatrices {
      matrices.append(raw.named(try Self.name(raw.nameByteCount, from: &pool, isFile: false)))
    }
    var objects: [ObjectRecord] = []
    objects.reserveCapacity(rawObjects.count)
    for raw in rawObjects {
      let unnamed = ObjectRecord(name: "", contents: raw.contents)
      let name = try Self.name(raw.nameByteCount, from: &pool, isFile: unnamed.isFile)
      objects.append(ObjectRecord(name: name, contents: raw.contents))
    }
    guard pool.remaining == 0 else {
      throw BSTKError(
        .table, "\(pool.remaining) bytes of the name pool belong to no name", offset: pool.offset,
        section: .namePool)
    }
    reader.section = .extensions
    let extensions = try IndexExtensions(&reader)
    try self.init(
      header: header, matrices: matrices, objects: objects, chunks: chunks,
      extensions: extensions)
  }

  private static func name(
    _ byteCount: UInt16, from pool: inout ByteReader, isFile: Bool
  ) throws(BSTKError) -> String {
    let start = pool.offset
    guard Int(byteCount) <= pool.remaining else {
      throw BSTKError(
        .table, "a name of \(byteCount) bytes, \(pool.remaining) left in the pool", offset: start,
        section: .namePool)
    }
    let bytes = try pool.span(Int(byteCount))
    if let fault = NameRules.fault(in: bytes, isFile: isFile) {
      throw BSTKError(.name, "a name \(fault)", offset: start, section: .namePool)
    }
    var text = ""
    for index in bytes.indices { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    return text
  }
}
