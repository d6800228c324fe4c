/// Zstandard frames put together by hand (RFC 8878 section 3.1.1), the same with every version of
/// every library.
struct ZstdFrame {
  /// A block of a frame.
  enum Block {
    case raw([UInt8])
    case run(UInt8, count: Int)
    case reserved
  }

  var blocks: [Block]
  /// What the frame states, or nil to state nothing.
  var contentByteCount: UInt32?
  var dictionary: UInt8?
  var hasReservedBit = false
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
    var descriptor: UInt8 = contentByteCount == nil ? 0x00 : 0xA0
    if dictionary != nil { descriptor |= 0x01 }
    if hasReservedBit { descriptor |= 0x08 }
    if checksum != nil { descriptor |= 0x04 }
    var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, descriptor]
    // Without a single segment there is a window descriptor: 1 KiB.
    if contentByteCount == nil { bytes.append(0x00) }
    if let dictionary { bytes.append(dictionary) }
    if let contentByteCount { bytes += contentByteCount.littleEndianBytes }
    for (number, block) in blocks.enumerated() {
      let isLast: UInt32 = number == blocks.count - 1 ? 1 : 0
      let (type, size, body): (UInt32, Int, [UInt8]) =
        switch block {
        case .raw(let bytes): (0, bytes.count, bytes)
        case .run(let byte, let count): (1, count, [byte])
        case .reserved: (3, 0, [])
        }
      bytes += (isLast | type << 1 | UInt32(size) << 3).littleEndianBytes.prefix(3) + body
    }
    return bytes + (checksum ?? [])
  }
}
