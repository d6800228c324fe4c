import BSTKCodec
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@Suite struct VerificationTests {
  @Test func theFirstDamagedChunkIsReported() throws {
    let bytes = try SyntheticModel().bytes()
    let manifest = try ModelFile(MemorySource(bytes)).manifest
    for chunk in manifest.chunks.indices {
      var damaged = bytes
      damaged[Int(manifest.chunkEnd(chunk)) - 1] ^= 0x80
      let report = try ModelFile(MemorySource(damaged)).verify()
      #expect(report.fault?.code == .chunkHash)
      #expect(report.fault?.section == .chunk(chunk))
      #expect(report.fault?.offset == manifest.chunkOffset(chunk))
      #expect(report.verifiedChunkCount == chunk)
      if chunk < manifest.baseChunkCount {
        #expect(report.state == .tooShort(needed: manifest.header.baseEnd))
      } else {
        let tail = UInt64(bytes.count) - manifest.byteCount(ofChunks: chunk)
        #expect(report.state == .prefix(chunkCount: chunk, tailByteCount: tail))
      }
    }
  }

  @Test func progressReachesTheEndAndMayStopTheCheck() throws {
    let bytes = try SyntheticModel().bytes()
    let file = try ModelFile(MemorySource(bytes))
    var last: UInt64 = 0
    _ = try file.verify { (checked) throws(BSTKError) in
      #expect(checked > last)
      last = checked
    }
    #expect(last == UInt64(bytes.count))
    let error = #expect(throws: BSTKError.self) {
      try file.verify { (_) throws(BSTKError) in throw BSTKError(.cancelled, "enough") }
    }
    #expect(error?.code == .cancelled)
  }

  @Test(arguments: [ModelFile.Access.plain, .mapped]) func otherRootsAreRefused(
    access: ModelFile.Access
  ) throws {
    let folder = try TemporaryFolder()
    let root = try SyntheticModel().write(to: folder.file("m.bstk")).rootDigest
    #expect(try ModelFile(folder.file("m.bstk"), access: access, root: root).state == .complete)
    let error = #expect(throws: BSTKError.self) {
      try ModelFile(folder.file("m.bstk"), access: access, root: .zero)
    }
    #expect(error?.code == .rootDigest)
  }

  @Test func aFileThatShrinksWhileOpenIsTooShort() throws {
    let folder = try TemporaryFolder()
    try SyntheticModel().write(to: folder.file("m.bstk"))
    let file = try ModelFile(folder.file("m.bstk"), access: .plain)
    let handle = try FileHandle(folder.file("m.bstk"), .update)
    try handle.truncate(to: file.manifest.header.baseEnd + 3)
    let report = try file.verify()
    #expect(report.fault?.code == .tooShort)
    #expect(report.verifiedChunkCount == file.manifest.baseChunkCount)
    let last = file.manifest.chunks.count - 1
    let error = #expect(throws: BSTKError.self) {
      try file.payload(ofChunk: last, decoder: ChunkDecoder())
    }
    #expect(error?.code == .tooShort)
  }
}
