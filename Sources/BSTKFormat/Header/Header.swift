/// The first 256 bytes of a `.bstk` file, identical in every prefix of it (Spec section "Header").
///
/// The SHA-256 of these bytes is the file's root digest: it pins the index, which pins every chunk.
public struct Header: Hashable, Sendable {
  /// The signature: a byte outside ASCII, `BSTK`, CR LF and Ctrl-Z, so that text-mode transfers
  /// and terminals damage it visibly.
  public static let magic: [UInt8] = [0x89, 0x42, 0x53, 0x54, 0x4B, 0x0D, 0x0A, 0x1A]
  /// The major version this release reads and writes.
  public static let majorVersion: UInt16 = 1
  /// The minor version this release writes.
  public static let minorVersion: UInt16 = 0

  /// The major version; readers refuse one they do not know.
  public var major: UInt16
  /// The minor version; informative.
  public var minor: UInt16
  /// The feature flags.
  public var flags: FeatureFlags
  /// Bytes of the index, which starts right after the header.
  public var indexByteCount: UInt64
  /// The smallest usable prefix in bytes: the end of the last base chunk.
  public var baseEnd: UInt64
  /// Bytes of the complete file as published.
  public var storedByteCount: UInt64
  /// Entries of the matrix table.
  public var matrixCount: UInt32
  /// Entries of the object table.
  public var objectCount: UInt32
  /// Entries of the chunk table.
  public var chunkCount: UInt32
  /// Bytes of the name pool, without its padding.
  public var namePoolByteCount: UInt32
  /// Bytes of the extension area.
  public var extensionByteCount: UInt32
  /// SHA-256 of the index.
  public var indexDigest: Digest

  /// The offset of the first byte after the index.
  public var indexEnd: UInt64 { UInt64(Limits.headerByteCount) + indexByteCount }
}

extension Header {
  /// Parses and validates a header on its own; what contradicts the index is found by
  /// ``Manifest/init(header:parsingIndex:)``.
  ///
  /// - Parameter bytes: The start of the file, 256 bytes or more.
  /// - Throws: ``BSTKError`` with `TOO_SHORT`, `MAGIC`, `HEADER_CRC`, `VERSION`, `FLAG`,
  ///   `RESERVED`, `LIMIT`, `TABLE` or `LAYOUT`.
  public init(parsing bytes: Span<UInt8>) throws(BSTKError) {
    try Self.checkMagic(bytes)
    guard bytes.count >= Limits.headerByteCount else {
      throw BSTKError(
        .tooShort, "the header has \(Limits.headerByteCount) bytes, only \(bytes.count) are here",
        offset: UInt64(bytes.count), section: .header)
    }
    let checksumOffset = Limits.headerByteCount - 4
    var reader = ByteReader(bytes.extracting(first: 256), origin: 0, section: .header)
    var tail = ByteReader(
      bytes.extracting(checksumOffset..<256), origin: UInt64(checksumOffset), section: .header)
    guard try tail.u32() == CRC32C.checksum(bytes.extracting(first: checksumOffset)) else {
      throw BSTKError(
        .headerChecksum, "the header's checksum does not match", offset: UInt64(checksumOffset),
        section: .header)
    }
    _ = try reader.u64()
    major = try reader.u16()
    minor = try reader.u16()
    guard major == Self.majorVersion else {
      throw BSTKError(
        .version, "major version \(major); this release reads version \(Self.majorVersion)",
        offset: 8, section: .header)
    }
    guard try reader.u32() == UInt32(Limits.headerByteCount) else {
      throw BSTKError(.layout, "the header length must be 256", offset: 12, section: .header)
    }
    flags = FeatureFlags(
      incompatible: try reader.u64(), readOnlyCompatible: try reader.u64(),
      compatible: try reader.u64())
    let unknown = flags.incompatible & ~FeatureFlags.knownIncompatible
    guard unknown == 0 else {
      throw BSTKError(
        .flag, "unknown incompatible feature bit \(unknown.trailingZeroBitCount)", offset: 16,
        section: .header)
    }
    indexByteCount = try reader.u64()
    baseEnd = try reader.u64()
    storedByteCount = try reader.u64()
    matrixCount = try reader.u32()
    objectCount = try reader.u32()
    chunkCount = try reader.u32()
    namePoolByteCount = try reader.u32()
    extensionByteCount = try reader.u32()
    try reader.zeros(44)
    indexDigest = try reader.digest()
    try reader.zeros(92)
    try checkLimits()
  }

  /// A short file is `MAGIC` as soon as one byte differs, so that a web page of any length is
  /// called by its name.
  private static func checkMagic(_ bytes: Span<UInt8>) throws(BSTKError) {
    for index in 0..<min(bytes.count, magic.count) where bytes[index] != magic[index] {
      throw BSTKError(
        .magic, "this is not a .bstk file", offset: UInt64(index), section: .header)
    }
  }

  private func checkLimits() throws(BSTKError) {
    func check(
      _ value: UInt64, _ limit: UInt64, _ what: String, at offset: UInt64
    ) throws(BSTKError) {
      guard value <= limit else {
        throw BSTKError(
          .limit, "\(what) is \(value), the limit is \(limit)", offset: offset, section: .header)
      }
    }
    let isLarge = flags.incompatible & FeatureFlags.largeIndex != 0
    let manifestLimit = isLarge ? Limits.largeManifestByteCount : Limits.manifestByteCount
    try check(
      indexByteCount, manifestLimit - UInt64(Limits.headerByteCount), "the index length", at: 40)
    try check(baseEnd, Limits.fileByteCount, "the end of the base", at: 48)
    try check(storedByteCount, Limits.fileByteCount, "the file length", at: 56)
    try check(UInt64(matrixCount), UInt64(Limits.matrixCount), "the matrix count", at: 64)
    try check(UInt64(objectCount), UInt64(Limits.objectCount), "the object count", at: 68)
    try check(UInt64(chunkCount), UInt64(Limits.chunkCount), "the chunk count", at: 72)
    // The counts are below 2^18 each and the two lengths below 2^32: the sum cannot wrap.
    let tables =
      UInt64(matrixCount) * UInt64(MatrixRecord.byteCount)
      + UInt64(objectCount) * UInt64(ObjectRecord.byteCount)
      + UInt64(chunkCount) * UInt64(ChunkRecord.byteCount)
      + UInt64(namePoolByteCount).roundedUp(to: 8) + UInt64(extensionByteCount)
    guard tables == indexByteCount else {
      throw BSTKError(
        .table, "the tables take \(tables) bytes by their counts, the index has \(indexByteCount)",
        offset: 64, section: .header)
    }
    guard chunkCount > 0 else {
      throw BSTKError(.table, "a file has at least one chunk", offset: 72, section: .header)
    }
    guard indexEnd < baseEnd, baseEnd <= storedByteCount else {
      throw BSTKError(
        .layout,
        "the base must end after the index (\(indexEnd)) and within the file (\(storedByteCount)),"
          + " not at \(baseEnd)", offset: 48, section: .header)
    }
  }

  /// The 256 bytes.
  public func serialized() -> [UInt8] {
    var writer = ByteWriter(capacity: Limits.headerByteCount)
    writer.raw(Self.magic)
    writer.u16(major)
    writer.u16(minor)
    writer.u32(UInt32(Limits.headerByteCount))
    writer.u64(flags.incompatible)
    writer.u64(flags.readOnlyCompatible)
    writer.u64(flags.compatible)
    writer.u64(indexByteCount)
    writer.u64(baseEnd)
    writer.u64(storedByteCount)
    writer.u32(matrixCount)
    writer.u32(objectCount)
    writer.u32(chunkCount)
    writer.u32(namePoolByteCount)
    writer.u32(extensionByteCount)
    writer.zeros(44)
    writer.digest(indexDigest)
    writer.zeros(92)
    writer.u32(CRC32C.checksum(writer.bytes.span))
    return writer.bytes
  }
}
