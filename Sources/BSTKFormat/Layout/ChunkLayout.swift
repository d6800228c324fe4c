/// What a chunk's payload is made of: its length, which codecs it may have, and what it must hold.
public enum ChunkLayout: Hashable, Sendable {
  /// A tile of an auxiliary file.
  case file(byteCount: Int)
  /// A tile of a dense tensor, with the size of its elements.
  case tensor(byteCount: Int, elementByteCount: Int)
  /// A tile of an object of a kind that this release ignores; it is hashed and never decoded.
  case ignorable(byteCount: Int)
  /// A block of a matrix of sign blocks.
  case signBlock(BlockLayout)
  /// Level 0 of a matrix of nested planes.
  case firstPlane(FirstPlaneLayout)
  /// A higher level of a matrix of nested planes.
  case refinement(RefinementLayout)

  /// Bytes of the payload.
  public var byteCount: Int {
    switch self {
    case .file(let count), .tensor(let count, _), .ignorable(let count): count
    case .signBlock(let layout): layout.byteCount
    case .firstPlane(let layout): layout.byteCount
    case .refinement(let layout): layout.byteCount
    }
  }

  /// The bytes that splitting into byte planes concerns, and the size of the elements in them (Spec
  /// section "Byte planes"); nil where there is nothing to split.
  public var bytePlanes: (range: Range<Int>, elementByteCount: Int)? {
    let (range, width): (Range<Int>, Int)
    switch self {
    case .file, .ignorable, .refinement: return nil
    case .tensor(let byteCount, let elementByteCount):
      (range, width) = (0..<byteCount, elementByteCount)
    case .signBlock(let layout):
      (range, width) = (layout.u.lowerBound..<layout.byteCount, layout.vectors.elementByteCount)
    case .firstPlane(let layout):
      // The list behind the factor is split already.
      (range, width) = (
        layout.u.bytes.lowerBound..<layout.factor, layout.vectors.elementByteCount
      )
    }
    return width > 1 ? (range, width) : nil
  }

  /// Where parts of the payload begin that a compressor does well to treat apart, ascending.
  public var partOffsets: [Int] {
    switch self {
    case .file, .tensor, .ignorable, .signBlock, .refinement: []
    case .firstPlane(let layout): layout.partOffsets
    }
  }

  /// The bytes at the start that the first plane of the matrix may mirror (Spec section "Mirrored
  /// planes"); nil where there is no such plane.
  public var mirroredByteCount: Int? {
    switch self {
    case .file, .tensor, .ignorable, .signBlock, .firstPlane: nil
    case .refinement(let layout): layout.plane.byteCount
    }
  }

  /// Whether a chunk of these contents may be stored with `codec`.
  public func allows(_ codec: ChunkCodec) -> Bool {
    switch codec {
    case .raw, .zstd: true
    case .zstdPlanes: bytePlanes != nil
    case .zstdMirrored: mirroredByteCount != nil
    }
  }

  /// Checks what a decoded payload must satisfy beyond its length.
  ///
  /// - Parameters:
  ///   - payload: ``byteCount`` bytes.
  ///   - chunk: The chunk's number, for error messages.
  ///   - offset: The chunk's offset in the file, for error messages.
  /// - Throws: `CHUNK_LENGTH`, `PADDING`, `FLOAT` or `SHAPE`.
  public func validate(
    _ payload: Span<UInt8>, chunk: Int, at offset: UInt64? = nil
  ) throws(BSTKError) {
    switch self {
    case .file(let byteCount), .tensor(let byteCount, _), .ignorable(let byteCount):
      _ = try PayloadReader(payload, byteCount: byteCount, chunk: chunk, at: offset)
    case .signBlock(let layout): try layout.validate(payload, chunk: chunk, at: offset)
    case .firstPlane(let layout): try layout.validate(payload, chunk: chunk, at: offset)
    case .refinement(let layout): try layout.validate(payload, chunk: chunk, at: offset)
    }
  }

  /// - Throws: `LIMIT` when a payload is longer than a chunk may be.
  static func requireWithinLimit(_ byteCount: Int, errorOffset: UInt64?) throws(BSTKError) {
    guard UInt64(byteCount) <= Limits.chunkByteCount else {
      throw BSTKError(
        .limit, "a block of \(byteCount) bytes; the limit is \(Limits.chunkByteCount)",
        offset: errorOffset, section: .chunkTable)
    }
  }
}
