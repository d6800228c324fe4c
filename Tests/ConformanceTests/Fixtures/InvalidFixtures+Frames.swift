extension InvalidFixtures {
  static var frames: [FixtureCase] { frameHeaders + frameBlocks + frameSections }

  private static var frameHeaders: [FixtureCase] {
    [
      frame("not-a-frame") { _ in [UInt8](repeating: 0x28, count: 30) },
      frame("no-content-size") { frame in
        frame.contentByteCount = nil
        frame.window = 0
        return frame.bytes
      },
      frame("content-size-larger") { frame in
        frame.contentByteCount = 101
        return frame.bytes
      },
      frame("content-size-smaller") { frame in
        frame.contentByteCount = 99
        return frame.bytes
      },
      frame("window-1-KiB") { windowed($0, 0x00) },
      frame("window-4-GiB") { windowed($0, 0xB0) },
      frame("window-3.75-TiB") { windowed($0, 0xFF) },
      frame("dictionary") { frame in
        frame.dictionary = 7
        return frame.bytes
      },
      frame("reserved-bit") { frame in
        frame.hasReservedBit = true
        return frame.bytes
      },
      frame("unused-bit") { frame in
        frame.hasUnusedBit = true
        return frame.bytes
      },
      frame("checksum") { frame in
        frame.checksum = [1, 2, 3, 4]
        return frame.bytes
      },
    ]
  }

  private static func windowed(_ frame: ZstdFrame, _ window: UInt8) -> [UInt8] {
    var frame = frame
    frame.window = window
    return frame.bytes
  }

  private static var frameBlocks: [FixtureCase] {
    [
      frame("ends-early") { frame in
        frame.blocks.removeLast()
        return frame.bytes
      },
      frame("too-much-content") { frame in
        frame.blocks.append(.run(0, count: 8))
        return frame.bytes
      },
      frame("twice") { $0.bytes + ZstdFrame([1]).bytes },
      frame("byte-behind") { $0.bytes + [0] },
      frame("skippable-before") { [0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 0] + $0.bytes },
      frame("skippable-behind") { $0.bytes + [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0] },
      frame("reserved-block") { frame in
        frame.blocks[0] = .reserved
        return frame.bytes
      },
      frame("run-longer-than-content") { frame in
        frame.blocks[0] = .run(5, count: 101)
        return frame.bytes
      },
      frame("cut") { Array($0.bytes.dropLast()) },
      large("run-above-maximum", 131_073, [.run(0, count: 131_073)]),
      large("copies-above-maximum", 131_074, [.copies(of: 7, count: 1, length: 131_072)]),
      large(
        "copies-above-maximum-together", 200_004, [.copies(of: 7, count: 2, length: 100_000)]),
    ]
  }

  private static var frameSections: [FixtureCase] {
    [
      // Where 18 bytes with one sequence were, reserved bits of the compression modes are set; some
      // versions of libzstd let that pass.
      stored("modes-reserved-bits-1", 120, "28b52ffd20784d00001061620101b3d46101"),
      stored("modes-reserved-bits-2", 120, "28b52ffd20784d00001061620102b3d46101"),
      stored("modes-reserved-bits-3", 120, "28b52ffd20784d00001061620103b3d46101"),
      stored(
        "modes-reserved-bits-in-text", 201,
        "28b52ffd20c9e50100e4027b2261223a20312c202262223a205b312c20322c20335d2c20226e616d65223a"
          + "20226d6f64656c227d2c20345d7d0302ce0829d8f98db94f9501"),
      stored(
        "modes-reserved-bits-behind-huffman", 201,
        "28b52ffd20c9bd0100e2020a10c0ebd1bbee5c42fa8d7d494894bae6092d45df8c8e59c9459f4494fb0c3d"
          + "e86f145ddc5fd1c42c030168040a600469cc7daa0c"),
      frame("literals-above-maximum") { frame in
        // 101 literals of one byte, of which the sequences use none.
        frame.blocks[0] = .compressed([0b0101_0101, 101 >> 4, 5, 0])
        return frame.bytes
      },
      frame("literals-cut") { frame in
        frame.blocks[0] = .compressed([20 << 3, 1, 2, 3])
        return frame.bytes
      },
      frame("sequences-missing") { frame in
        frame.blocks[1] = .compressed([10 << 3] + Array(0..<10))
        return frame.bytes
      },
      frame("sequences-none-in-two-bytes") { frame in
        frame.blocks[1] = .compressed([10 << 3] + Array(0..<10) + [0x80, 0])
        return frame.bytes
      },
      frame("sequences-none-and-more") { frame in
        frame.blocks[1] = .compressed([10 << 3] + Array(0..<10) + [0, 0])
        return frame.bytes
      },
    ]
  }

  /// The sample whose first object, 100 bytes with runs, is in a frame of its own kind.
  private static func frame(
    _ name: String, _ change: (inout ZstdFrame) -> [UInt8]
  ) -> FixtureCase {
    var frame = ZstdFrame([UInt8](repeating: 5, count: 90) + Array(0..<10))
    return stored(name, 100, change(&frame))
  }

  /// The sample whose first object is of `count` bytes, in a frame with blocks so large that empty
  /// ones have to follow, or it would expand too much.
  private static func large(
    _ name: String, _ count: Int, _ blocks: [ZstdFrame.Block]
  ) -> FixtureCase {
    stored(name, count, ZstdFrame(large: count, blocks).bytes)
  }

  private static func stored(_ name: String, _ count: Int, _ hex: String) -> FixtureCase {
    let digits = Array(hex)
    return stored(
      name, count,
      stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(digits[$0..<($0 + 2)]), radix: 16)
      })
  }

  private static func stored(_ name: String, _ count: Int, _ stored: [UInt8]) -> FixtureCase {
    .edited("frame-\(name)", "8.1", "CODEC", .verify) { file in
      file.objects[0].byteCount = UInt64(count)
      file.chunks[0].codec = 1
      file.chunks[0].stored = stored
    }
  }
}

extension ZstdFrame {
  /// A frame of few blocks that expand a lot, with so many empty ones behind them that it keeps
  /// within the Spec's ratio.
  init(large count: Int, _ blocks: [Block]) {
    self.init([])
    let empty = [Block](repeating: .raw([]), count: count / 64 / 3 + 1)
    self.blocks = blocks + empty
    contentByteCount = UInt32(count)
  }
}
