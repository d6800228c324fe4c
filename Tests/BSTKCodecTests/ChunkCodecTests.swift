import BSTKFormat
import BSTKTestSupport
import Testing

@testable import BSTKCodec

@Suite struct ChunkCodecTests {
  static let seed: UInt64 = 5

  /// A manifest of one tensor whose chunk is `chunk`.
  private static func manifest(
    _ type: ElementType, count: Int, _ chunk: EncodedChunk
  ) throws -> Manifest {
    try Manifest(
      matrices: [],
      objects: [ObjectRecord(name: "t", contents: .tensor(type, dimensions: [count]))],
      chunks: [
        ChunkRecord(
          digest: chunk.digest, storedByteCount: chunk.stored.count, codec: chunk.codec,
          contents: .tile(object: 0))
      ], extensions: IndexExtensions())
  }

  private static func encode(
    _ payload: [UInt8], _ elementByteCount: Int
  ) throws(BSTKError) -> EncodedChunk {
    try ChunkEncoder().encode(
      payload.span,
      .tensor(byteCount: payload.count, elementByteCount: elementByteCount))
  }

  /// Values near one: the low byte is noise, the high one is not.
  private static func smooth(_ type: ElementType, count: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes = generator.bytes(count * type.byteCount)
    for index in stride(from: type.byteCount - 1, to: bytes.count, by: type.byteCount) {
      bytes[index] = 0x3F
    }
    return bytes
  }

  @Test(arguments: ElementType.allCases, [1, 2, 3, 1000])
  func whatIsEncodedIsDecoded(_ type: ElementType, count: Int) throws {
    for payload in [
      Self.smooth(type, count: count), [UInt8](repeating: 0, count: count * type.byteCount),
    ] {
      let chunk = try Self.encode(payload, type.byteCount)
      #expect(chunk.stored.count <= payload.count)
      let manifest = try Self.manifest(type, count: count, chunk)
      let decoded = try ChunkDecoder().decode(chunk.stored.span, chunk: 0, of: manifest)
      #expect(decoded == payload)
    }
  }

  @Test func theSmallestCodecIsKept() throws {
    var generator = SeededGenerator(seed: Self.seed)
    let noise = generator.bytes(4000)
    #expect(try Self.encode(noise, 2).codec == .raw)
    let smooth = Self.smooth(.bf16, count: 2000)
    #expect(try Self.encode(smooth, 2).codec == .zstdPlanes)
    let text = Array(repeatElement(Array("a sentence ".utf8), count: 20).joined())
    #expect(try Self.encode(text, 1).codec == .zstd)
  }

  @Test func nothingExpandsBeyondTheLimit() throws {
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    let chunk = try Self.encode(zeros, 2)
    #expect(UInt64(chunk.stored.count) * Limits.compressionRatio >= 1 << 20)
  }

  @Test func theSameBytesGiveTheSameChunk() throws {
    let payload = Self.smooth(.f32, count: 3000)
    let first = try Self.encode(payload, 4)
    let second = try Self.encode(payload, 4)
    #expect(first.stored == second.stored)
    #expect(first.digest == second.digest)
  }

  @Test func aChunkOfAnotherLengthIsRefusedEvenWhenVerified() throws {
    let payload = [UInt8](repeating: 3, count: 16)
    let chunk = EncodedChunk(
      codec: .raw, stored: payload, digest: SHA256Hasher.digest(of: payload.span))
    let manifest = try Self.manifest(.u8, count: 16, chunk)
    let decoder = try ChunkDecoder()
    let short = Array(payload.dropLast())
    do {
      _ = try decoder.decode(short.span, chunk: 0, of: manifest, isVerified: true)
      Issue.record("15 bytes are not 16")
    } catch { #expect(error.code == .chunkLength) }
    var other = payload
    other[3] = 4
    do {
      _ = try decoder.decode(other.span, chunk: 0, of: manifest)
      Issue.record("the hash does not match")
    } catch {
      #expect(error.code == .chunkHash)
      #expect(error.offset == manifest.chunkOffset(0))
    }
  }

  /// Frames whose every byte is changed in turn decode to something of the right length or fail
  /// with a code, whatever libzstd makes of them.
  @Test func damagedFramesNeverTrap() throws {
    let payload = Self.smooth(.bf16, count: 300)
    let chunk = try Self.encode(payload, 2)
    let decoder = try ChunkDecoder()
    let manifest = try Self.manifest(.bf16, count: 300, chunk)
    for index in chunk.stored.indices {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var stored = chunk.stored
        stored[index] ^= mask
        do {
          let bytes = try decoder.decode(stored.span, chunk: 0, of: manifest, isVerified: true)
          #expect(bytes.count == payload.count)
        } catch { #expect(error.code == .codec) }
      }
    }
  }
}
