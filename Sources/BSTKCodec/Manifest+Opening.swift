public import BSTKFormat

extension Header {
  /// SHA-256 of the header: the digest that pins every byte of every prefix.
  public var rootDigest: Digest {
    let bytes = serialized()
    return SHA256Hasher.digest(of: bytes.span)
  }
}

extension Manifest {
  /// SHA-256 of the header: the digest that pins every byte of every prefix.
  public var rootDigest: Digest { header.rootDigest }

  /// Opens the manifest of a file from its first bytes, checking the hash of the index.
  ///
  /// - Parameters:
  ///   - bytes: The start of the file: header, index, and possibly more.
  ///   - root: The root digest the file must have, when it is known by another path.
  /// - Throws: ``BSTKError``; `TOO_SHORT` when the index is not whole.
  public init(opening bytes: Span<UInt8>, root: Digest? = nil) throws(BSTKError) {
    let header = try Header(parsing: bytes)
    if let root, header.rootDigest != root {
      throw BSTKError(
        .rootDigest, "the root digest is \(header.rootDigest), not \(root)", offset: 0,
        section: .header, remedy: "the file is another one than you asked for; do not use it")
    }
    // The header limits the index to 16 MiB, so the sum fits.
    let end = Int(header.indexEnd)
    guard bytes.count >= end else {
      throw BSTKError(
        .tooShort, "header and index take \(end) bytes, only \(bytes.count) are here",
        offset: UInt64(bytes.count), section: .index)
    }
    let index = bytes.extracting(Limits.headerByteCount..<end)
    guard SHA256Hasher.digest(of: index) == header.indexDigest else {
      throw BSTKError(
        .indexHash, "the index does not match its SHA-256 in the header",
        offset: UInt64(Limits.headerByteCount), section: .index)
    }
    try self.init(header: header, parsingIndex: index)
  }

  /// Header and index as the file begins with them, the index digest filled in.
  public func serialized() -> [UInt8] {
    let index = serializedIndex()
    let header = withIndexDigest(SHA256Hasher.digest(of: index.span)).header
    return header.serialized() + index
  }
}
