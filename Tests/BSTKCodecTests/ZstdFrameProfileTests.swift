import BSTKTestSupport
import Testing

@testable import BSTKCodec

/// The walk over a frame takes every frame that is written here, never traps, and refuses beyond
/// libzstd only what the Spec refuses on purpose.
@Suite struct ZstdFrameProfileTests {
  private static let seed: UInt64 = 17

  /// What RFC 8878 leaves to decoders, or what one version of libzstd takes and another does not.
  private static let closed: Set<ZstdFrameFault> = [
    .reservedBit, .window, .contentSize, .blockSize, .literalsSize, .longZero, .reservedModes,
  ]

  /// Contents that make libzstd use raw blocks, runs, Huffman trees, sequences and several blocks.
  private static let contents: [[UInt8]] = {
    var generator = SeededGenerator(seed: seed)
    let words = Array(repeatElement(Array("a sentence, and another ".utf8), count: 12).joined())
    let skewed = (0..<600).map { _ in UInt8.random(in: 0..<9, using: &generator) & 6 }
    return [
      [UInt8](repeating: 7, count: 300), words, skewed, generator.bytes(40) + words + skewed,
      words + generator.bytes(300) + words,
    ]
  }()

  private static func frames() throws -> [(frame: [UInt8], content: [UInt8])] {
    let compressor = try ZstdCompressor()
    var frames: [(frame: [UInt8], content: [UInt8])] = []
    for content in contents {
      for level in [-5, 1, 6, 19] {
        if let frame = try compressor.compress(content.span, level: level) {
          frames.append((frame, content))
        }
      }
    }
    return frames
  }

  @Test func everyFrameOfTheEncoderIsOfTheProfile() throws {
    let compressor = try ZstdCompressor()
    var generator = SeededGenerator(seed: Self.seed)
    for count in [2, 255, 256, 257, 65_535, 65_791, 65_792, 131_073, 5_000_000] {
      // Half of it cannot be compressed.
      let content = generator.bytes(count / 2) + [UInt8](repeating: 1, count: count - count / 2)
      for level in [-1, 1, 3, 19] {
        guard let frame = try compressor.compress(content.span, level: level) else { continue }
        #expect(ZstdFrameProfile.fault(in: frame.span, contentByteCount: count) == nil)
        #expect(frame[4] & 0x20 != 0)
        #expect(try decoded(frame, count) == content)
      }
    }
    #expect(try Self.frames().count > 15)
  }

  /// Wherever a frame is cut into blocks, and whatever the parts are.
  @Test func framesInPartsAreOfTheProfile() throws {
    let compressor = try ZstdCompressor()
    var generator = SeededGenerator(seed: Self.seed)
    for count in [20, 300, 131_072, 400_000] {
      let run = [UInt8](repeating: 1, count: count / 2)
      let content =
        generator.bytes(count - count / 2 - count / 4) + run
        + (0..<(count / 4)).map { _ in UInt8.random(in: 0..<9, using: &generator) & 6 }
      for cuts in [[1], [count / 4], [count / 4, 3 * count / 4], Array(1..<20), [count - 1]] {
        for frame in [
          try compressor.compress(content.span, level: 6, cuts: cuts),
          try compressor.compressLiterals(content.span, cuts: cuts),
        ] {
          guard let frame else { continue }
          #expect(frame.count < count)
          #expect(ZstdFrameProfile.fault(in: frame.span, contentByteCount: count) == nil)
          #expect(try decoded(frame, count) == content)
        }
      }
    }
    // A frame that is given up leaves nothing behind.
    let noise = generator.bytes(200_000)
    #expect(try compressor.compressLiterals(noise.span, cuts: [100, 150_000]) == nil)
    let words = Self.contents[1]
    #expect(
      try compressor.compress(words.span, level: 6, cuts: [100])
        == ZstdCompressor().compress(words.span, level: 6, cuts: [100]))
  }

  /// The content, or nil when it is refused.
  private func decoded(_ frame: [UInt8], _ count: Int) throws -> [UInt8]? {
    var content = [UInt8](repeating: 0, count: count)
    var span = content.mutableSpan
    return try ZstdDecompressor().decompress(frame.span, into: &span) == nil ? content : nil
  }

  /// Whether libzstd alone takes the bytes for one frame of so many bytes.
  private func libraryTakes(_ frame: [UInt8], _ count: Int) throws -> Bool {
    var content = [UInt8](repeating: 0, count: count)
    var span = content.mutableSpan
    return try ZstdDecompressor().decode(frame.span, into: &span) == nil
  }

  @Test func mutatedFramesAreRefusedByBothOrOnPurpose() throws {
    var faults: Set<ZstdFrameFault> = []
    for (frame, content) in try Self.frames() {
      for index in frame.indices {
        for mask in [1, 2, 4, 8, 16, 32, 64, 128, 255] as [UInt8] {
          var mutant = frame
          mutant[index] ^= mask
          try check(mutant, content.count, &faults)
        }
        try check(Array(frame[..<index]), content.count, &faults)
        try check(Array(frame[..<index]) + [0] + frame[index...], content.count, &faults)
        try check(Array(frame[..<index]) + frame[(index + 1)...], content.count, &faults)
      }
      try check(frame + [0], content.count, &faults)
      try check(frame, content.count + 1, &faults)
    }
    #expect(faults.isSuperset(of: Self.closed.subtracting([.longZero])))
    #expect(faults.isSuperset(of: [.noFrame, .cut, .followed, .dictionary, .reservedBlock]))
  }

  private func check(
    _ mutant: [UInt8], _ count: Int, _ faults: inout Set<ZstdFrameFault>
  ) throws {
    let fault = ZstdFrameProfile.fault(in: mutant.span, contentByteCount: count)
    if let fault { faults.insert(fault) }
    guard try libraryTakes(mutant, count), let fault else { return }
    #expect(Self.closed.contains(fault), "\(mutant)")
  }

  @Test func noiseBehindAHeaderNeverTraps() {
    var generator = SeededGenerator(seed: Self.seed)
    for _ in 0..<20_000 {
      let count = Int.random(in: 1..<300_000, using: &generator)
      var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xA0]
      for byte in 0..<4 { frame.append(UInt8(truncatingIfNeeded: count >> (8 * byte))) }
      // A compressed block of what follows.
      let body = generator.bytes(Int.random(in: 0..<40, using: &generator))
      let header = 1 | 2 << 1 | body.count << 3
      for byte in 0..<3 { frame.append(UInt8(truncatingIfNeeded: header >> (8 * byte))) }
      _ = ZstdFrameProfile.fault(in: (frame + body).span, contentByteCount: count)
    }
  }
}
