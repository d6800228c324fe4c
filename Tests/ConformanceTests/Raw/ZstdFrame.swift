/// Zstandard frames put together by hand (RFC 8878 section 3.1.1), the same with every version of
/// every library.
struct ZstdFrame {
  /// A block of a frame.
  enum Block {
    case raw([UInt8])
    case run(UInt8, count: Int)
    /// A compressed block as it stands: literals section, then sequences section.
    case compressed([UInt8])
    case reserved

    /// A compressed block of literals without sequences.
    static func literals(_ bytes: [UInt8]) -> Block {
      precondition(bytes.count < 32, "the header is one byte")
      return .compressed([UInt8(bytes.count) << 3] + bytes + [0])
    }

    /// A compressed block of `byte` and copies of it: `count` sequences of two literals and
    /// `length` further bytes each, all told in runs. (RFC 8878, section 3.1.1.3.2.)
    static func copies(of byte: UInt8, count: Int, length: Int) -> Block {
      // Two literals per sequence as a run, then the modes, and the codes for a literal length of 2,
      // the last offset and a match length of 65,539 and 16 further bits.
      let literals = [UInt8(2 * count) << 3 | 1, byte]
      let sequences = [UInt8(count), 0b0101_0100, 2, 0, 52]
      // The bits of the first sequence are the last ones, behind them a one.
      var bits: [UInt8] = []
      for _ in 0..<count { bits += UInt16(length - 65_539).littleEndianBytes }
      return .compressed(literals + sequences + bits + [1])
    }
  }

  /// How the frame states the size of its content.
  enum SizeField: UInt8 {
    case oneByte = 0
    case twoBytes = 1
    case fourBytes = 2
    case eightBytes = 3

    func bytes(_ count: UInt32) -> [UInt8] {
      switch self {
      case .oneByte: [UInt8(count)]
      case .twoBytes: UInt16(count - 256).littleEndianBytes
      case .fourBytes: count.littleEndianBytes
      case .eightBytes: UInt64(count).littleEndianBytes
      }
    }
  }

  var blocks: [Block]
  /// What the frame states, or nil to state nothing.
  var contentByteCount: UInt32?
  var sizeField = SizeField.fourBytes
  /// A window descriptor; without one the frame is a single segment.
  var window: UInt8?
  var dictionary: UInt8?
  var hasReservedBit = false
  var hasUnusedBit = false
  var checksum: [UInt8]?

  /// The frame of `bytes` with its size stated: runs of 8 and more as such, the rest as it is.
  init(_ bytes: [UInt8]) {
    var blocks: [Block] = []
    var pending: [UInt8] = []
    func flush() {
      if !pending.isEmpty { blocks.append(.raw(pending)) }
      pending = []
    }
    var rest = bytes[...]
    while let byte = rest.first {
      let run = rest.prefix { $0 == byte }.count
      if run >= 8 {
        flush()
        blocks.append(.run(byte, count: run))
      } else {
        pending += rest.prefix(run)
      }
      rest = rest.dropFirst(run)
    }
    flush()
    self.blocks = blocks
    contentByteCount = UInt32(bytes.count)
  }

  /// The frame's bytes.
  var bytes: [UInt8] {
    var descriptor: UInt8 = contentByteCount == nil ? 0 : sizeField.rawValue << 6
    if window == nil { descriptor |= 0x20 }
    if dictionary != nil { descriptor |= 0x01 }
    if hasReservedBit { descriptor |= 0x08 }
    if hasUnusedBit { descriptor |= 0x10 }
    if checksum != nil { descriptor |= 0x04 }
    var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, descriptor]
    if let window { bytes.append(window) }
    if let dictionary { bytes.append(dictionary) }
    if let contentByteCount { bytes += sizeField.bytes(contentByteCount) }
    for (number, block) in blocks.enumerated() {
      let isLast: UInt32 = number == blocks.count - 1 ? 1 : 0
      let (type, size, body): (UInt32, Int, [UInt8]) =
        switch block {
        case .raw(let bytes): (0, bytes.count, bytes)
        case .run(let byte, let count): (1, count, [byte])
        case .compressed(let bytes): (2, bytes.count, bytes)
        case .reserved: (3, 0, [])
        }
      bytes += (isLast | type << 1 | UInt32(size) << 3).littleEndianBytes.prefix(3) + body
    }
    return bytes + (checksum ?? [])
  }
}
