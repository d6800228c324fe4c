/// The Zstandard frames that a chunk may be (Spec section "Frames"): what RFC 8878 leaves to the
/// decoder is closed, so that every reader gives the same verdict, whatever its library lets pass.
///
/// The walk looks at headers alone. What stands in the compressed parts is the decoder's affair.
struct ZstdFrameProfile: ~Escapable {
  /// The largest block of any frame.
  private static let largestBlockByteCount = 128 << 10

  private let frame: Span<UInt8>
  private let contentByteCount: Int
  private var position = 0

  @_lifetime(copy frame)
  private init(_ frame: Span<UInt8>, contentByteCount: Int) {
    self.frame = frame
    self.contentByteCount = contentByteCount
  }

  /// What keeps `frame` from being one whole frame of the profile with a content of
  /// `contentByteCount` bytes, or nil.
  static func fault(in frame: Span<UInt8>, contentByteCount: Int) -> ZstdFrameFault? {
    var walk = ZstdFrameProfile(frame, contentByteCount: contentByteCount)
    do throws(ZstdFrameFault) {
      let hasChecksum = try walk.header()
      try walk.blocks()
      if hasChecksum { try walk.skip(4) }
      guard walk.position == frame.count else { throw .followed }
      return nil
    } catch {
      return error
    }
  }

  private mutating func skip(_ count: Int) throws(ZstdFrameFault) {
    guard count <= frame.count - position else { throw .cut }
    position += count
  }

  /// The next `count` bytes as one number, at most 8 of them.
  private mutating func number(_ count: Int) throws(ZstdFrameFault) -> UInt64 {
    let start = position
    try skip(count)
    return (start..<position).reversed().reduce(0) { $0 << 8 | UInt64(frame[$1]) }
  }

  // MARK: Header

  /// - Returns: Whether a checksum follows the last block.
  private mutating func header() throws(ZstdFrameFault) -> Bool {
    guard frame.count >= 4, try number(4) == 0xFD2F_B528 else {
      throw .noFrame
    }
    let descriptor = try number(1)
    guard descriptor & 0x18 == 0 else { throw .reservedBit }
    guard descriptor & 0x20 != 0 else { throw .window }
    guard try number([0, 1, 2, 4][Int(descriptor & 3)]) == 0 else {
      throw .dictionary
    }
    let sizeFlag = Int(descriptor >> 6)
    let stated = try number([1, 2, 4, 8][sizeFlag])
    // A field of two bytes counts from 256.
    guard sizeFlag == 1 ? stated + 256 == contentByteCount : stated == contentByteCount else {
      throw .contentSize
    }
    return descriptor & 4 != 0
  }

  // MARK: Blocks

  private var largestBlockByteCount: Int { min(contentByteCount, Self.largestBlockByteCount) }

  private mutating func blocks() throws(ZstdFrameFault) {
    var isLast = false
    while !isLast {
      let header = Int(try number(3))
      isLast = header & 1 != 0
      let size = header >> 3
      guard size <= largestBlockByteCount else {
        throw .blockSize
      }
      switch header >> 1 & 3 {
      case 0: try skip(size)
      case 1: try skip(1)
      case 2: try compressedBlock(size)
      default: throw .reservedBlock
      }
    }
  }

  private mutating func compressedBlock(_ size: Int) throws(ZstdFrameFault) {
    let end = position + size
    guard end <= frame.count else { throw .cut }
    try skip(try literalsByteCount())
    guard position < end else { throw .noSequences }
    try sequencesHeader(end: end)
    position = end
  }

  /// Reads the header of a literals section.
  ///
  /// - Returns: The bytes of the section that follow.
  private mutating func literalsByteCount() throws(ZstdFrameFault) -> Int {
    let first = Int(try number(1))
    let format = first >> 2 & 3
    let isCompressed = first & 2 != 0
    // How many bits the sizes take, and in how many bytes they stand with the four bits before them.
    let (bits, byteCount): (Int, Int) =
      isCompressed
      ? [(10, 3), (10, 3), (14, 4), (18, 5)][format] : [(5, 1), (12, 2), (5, 1), (20, 3)][format]
    let field = first | Int(try number(byteCount - 1)) << 8
    // One bit of the format belongs to the size when one suffices to tell it.
    let sizes = field >> (isCompressed || format & 1 == 1 ? 4 : 3)
    let regenerated = sizes & (1 << bits - 1)
    guard regenerated <= largestBlockByteCount else {
      throw .literalsSize
    }
    if isCompressed { return sizes >> bits }
    return first & 1 == 1 ? 1 : regenerated
  }

  /// Reads the header of a sequences section that ends at `end`.
  private mutating func sequencesHeader(end: Int) throws(ZstdFrameFault) {
    let first = try number(1)
    if first == 0 {
      guard position == end else { throw .sequencesFollowed }
      return
    }
    let more = first < 128 ? 0 : first < 255 ? 1 : 2
    let rest = Int(try number(more))
    guard first != 128 || rest != 0 else {
      throw .longZero
    }
    guard position < end else { throw .noSequences }
    guard try number(1) & 3 == 0 else { throw .reservedModes }
  }
}
