extension ValidFixtures {
  /// What a frame may be.
  static var frames: [FixtureCase] {
    [
      frame("checksum") { $0.checksum = [0x05, 0x70, 0xB9, 0xED] },
      frame("dictionary-zero") { $0.dictionary = 0 },
      frame("size-in-one-byte") { $0.sizeField = .oneByte },
      frame("size-in-eight-bytes") { $0.sizeField = .eightBytes },
      frame("literals-alone") { $0.blocks[1] = .literals(Array(0..<10)) },
      frame("empty-blocks") { $0.blocks += [.raw([]), .run(0, count: 0)] },
      large("size-in-two-bytes", 1000, [.run(1, count: 1000)]) { $0.sizeField = .twoBytes },
      large("run-of-maximum", 131_080, [.run(7, count: 131_072), .run(8, count: 8)]),
      large("copies-of-maximum", 131_072, [.copies(of: 7, count: 1, length: 131_070)]),
    ]
  }

  private static func frame(
    _ name: String, _ change: (inout ZstdFrame) -> Void
  ) -> FixtureCase {
    var frame = ZstdFrame([UInt8](repeating: 5, count: 90) + Array(0..<10))
    change(&frame)
    return stored(name, 100, frame)
  }

  private static func large(
    _ name: String, _ count: Int, _ blocks: [ZstdFrame.Block],
    _ change: (inout ZstdFrame) -> Void = { _ in }
  ) -> FixtureCase {
    var frame = ZstdFrame(large: count, blocks)
    change(&frame)
    return stored(name, count, frame)
  }

  private static func stored(_ name: String, _ count: Int, _ frame: ZstdFrame) -> FixtureCase {
    var file = RawFile.sample()
    file.objects[0].byteCount = UInt64(count)
    file.chunks[0].codec = 1
    file.chunks[0].stored = frame.bytes
    return .valid("frame-\(name)", "8.1", file)
  }
}
