import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@Suite struct TrimmingTests {
  let folder = try? TemporaryFolder()
  let bytes: [UInt8]
  let manifest: Manifest

  init() throws {
    let folder = try #require(folder)
    manifest = try SyntheticModel().write(to: folder.file("m.bstk"))
    bytes = try folder.read("m.bstk")
  }

  private var cuts: [Cut] {
    (manifest.baseChunkCount...manifest.chunks.count).map { manifest.cut(afterChunks: $0) }
  }

  @Test func trimmingIsTruncation() throws {
    let folder = try #require(folder)
    for cut in cuts.reversed() {
      let budget = Budget(fileByteCount: cut.fileByteCount)
      #expect(try ModelFile.trim(folder.file("m.bstk"), to: budget) == cut)
      #expect(try folder.read("m.bstk") == Array(bytes[..<Int(cut.fileByteCount)]))
      #expect(try ModelFile(folder.file("m.bstk")).verify().fault == nil)
    }
  }

  @Test func copyingIsTheSameIntoAnotherFile() throws {
    let folder = try #require(folder)
    let file = try ModelFile(folder.file("m.bstk"))
    for cut in cuts {
      let copied = try file.copy(
        within: Budget(blockCount: cut.blockCount), to: folder.file("c.bstk"))
      #expect(copied == cut)
      #expect(try folder.read("c.bstk") == Array(bytes[..<Int(cut.fileByteCount)]))
    }
    #expect(try folder.contents() == ["c.bstk", "m.bstk"])
  }

  @Test func aTailGoesAndAnArchiveBehindTheEndGoes() throws {
    let folder = try #require(folder)
    let base = manifest.cut(afterChunks: manifest.baseChunkCount)
    try folder.write(Array(bytes[..<Int(base.fileByteCount + 9)]), to: "tail.bstk")
    #expect(try ModelFile.trim(folder.file("tail.bstk"), to: .unlimited) == base)
    try folder.write(bytes + [0x50, 0x4B], to: "long.bstk")
    try ModelFile.trim(folder.file("long.bstk"), to: .unlimited)
    #expect(try folder.read("long.bstk") == bytes)
  }

  @Test func whatCannotBeTrimmedStaysAsItIs() throws {
    let folder = try #require(folder)
    let budget = Budget(fileByteCount: manifest.header.baseEnd - 1)
    let error = #expect(throws: BSTKError.self) {
      try ModelFile.trim(folder.file("m.bstk"), to: budget)
    }
    #expect(error?.code == .budget)
    #expect(try folder.read("m.bstk") == bytes)

    let short = Array(bytes[..<Int(manifest.header.baseEnd - 1)])
    try folder.write(short, to: "short.bstk")
    let tooShort = #expect(throws: BSTKError.self) {
      try ModelFile.trim(folder.file("short.bstk"), to: .unlimited)
    }
    #expect(tooShort?.code == .tooShort)
    #expect(try folder.read("short.bstk") == short)
  }

  @Test func damageIsNeitherKeptNorCopied() throws {
    let folder = try #require(folder)
    var damaged = bytes
    damaged[Int(manifest.header.baseEnd - 1)] ^= 1
    let path = try folder.write(damaged, to: "damaged.bstk")
    let trimmed = #expect(throws: BSTKError.self) { try ModelFile.trim(path, to: .unlimited) }
    #expect(trimmed?.code == .chunkHash)
    let copied = #expect(throws: BSTKError.self) {
      try ModelFile(path).copy(within: .unlimited, to: folder.file("c.bstk"))
    }
    #expect(copied?.code == .chunkHash)
    #expect(try folder.read("damaged.bstk") == damaged)
    #expect(try folder.contents() == ["damaged.bstk", "m.bstk"])
  }

  @Test func damageBehindTheCutDoesNotMatter() throws {
    let folder = try #require(folder)
    var damaged = bytes
    damaged[damaged.count - 1] ^= 1
    let path = try folder.write(damaged, to: "damaged.bstk")
    let base = manifest.cut(afterChunks: manifest.baseChunkCount)
    #expect(try ModelFile.trim(path, to: Budget(fileByteCount: base.fileByteCount)) == base)
    #expect(try ModelFile(path).verify().fault == nil)
  }
}
