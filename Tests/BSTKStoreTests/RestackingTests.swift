import BSTKCodec
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

@Suite("Writing a file again in another order")
struct RestackingTests {
  private let folder: TemporaryFolder
  private let file: ModelFile
  private static let stack = [(2, 1), (0, 1), (0, 2), (1, 1)].map { (matrix: $0.0, level: $0.1) }

  init() throws {
    folder = try TemporaryFolder()
    try SyntheticModel().write(to: folder.file("m.bstk"))
    file = try ModelFile(folder.file("m.bstk"))
  }

  private func restack(
    _ stack: [(matrix: Int, level: Int)] = stack, worths: [[Float]]? = nil,
    to name: String = "n.bstk"
  ) throws -> Manifest {
    try file.restack(
      to: folder.file(name), stack: stack, worths: worths,
      extensions: IndexExtensions(provenance: "again"))
  }

  /// The stored bytes of each chunk, by what it holds.
  private func chunks(_ name: String) throws -> [String: [UInt8]] {
    let file = try ModelFile(folder.file(name))
    var chunks: [String: [UInt8]] = [:]
    for (index, chunk) in file.manifest.chunks.enumerated() {
      var name = "\(chunk.contents)"
      if case .tile(let object) = chunk.contents {
        name = "tile \(index - file.manifest.firstTile(ofObject: object)) of \(object)"
      }
      chunks[name] = try file.source.bytes(
        at: file.manifest.chunkOffset(index), count: chunk.storedByteCount)
    }
    return chunks
  }

  @Test func `every chunk stays as it is, in the order that was asked for`() throws {
    let worths: [[Float]] = [[1, 2, 3], [4, 5], [6, 7]]
    let manifest = try restack(worths: worths)
    let new = try ModelFile(folder.file("n.bstk"))
    #expect(try new.verify().state == .complete)
    #expect(new.manifest.rootDigest == manifest.rootDigest)
    #expect(try chunks("n.bstk") == chunks("m.bstk"))
    #expect(try chunks("n.bstk").count == manifest.chunks.count)
    let order = manifest.chunks[manifest.baseChunkCount...].map { chunk -> [Int] in
      if case .block(let matrix, let level, _, _) = chunk.contents { [matrix, level] } else { [] }
    }
    #expect(order == Self.stack.map { [$0.matrix, $0.level] })
    #expect(manifest.extensions.worths == [1, 4, 6, 7, 2, 3, 5])
    #expect(manifest.extensions.provenance == "again")
    #expect(try folder.contents() == ["m.bstk", "n.bstk"])
  }

  @Test func `a file can be written over itself, and equal orders give equal bytes`() throws {
    _ = try restack()
    _ = try restack(to: "m.bstk")
    #expect(try folder.read("m.bstk") == folder.read("n.bstk"))
  }

  @Test(arguments: [
    [], [(2, 1), (0, 1), (0, 2)], [(2, 1), (0, 2), (0, 1), (1, 1)],
    [(2, 1), (0, 1), (0, 1), (1, 1)], [(2, 1), (0, 1), (0, 2), (1, 1), (1, 1)],
    [(2, 1), (0, 1), (0, 2), (3, 1)], [(2, 1), (0, 1), (0, 2), (1, 2)],
    [(2, 1), (0, 1), (0, 2), (1, -1)], [(2, 1), (0, 1), (0, 2), (-1, 1)],
    [(2, 1), (0, 1), (0, 2), (1, 0)],
  ])
  func `a stack of other blocks than the file's is refused`(_ stack: [(Int, Int)]) throws {
    #expect(throws: BSTKError.self) { try restack(stack.map { ($0.0, $0.1) }) }
    #expect(try folder.contents() == ["m.bstk"])
  }

  @Test func `a prefix and a damaged file are refused`() throws {
    let bytes = try folder.read("m.bstk")
    let prefix = try ModelFile(folder.write(Array(bytes.dropLast()), to: "p.bstk"))
    let error = try #require(throws: BSTKError.self) {
      try prefix.restack(
        to: folder.file("n.bstk"), stack: Self.stack, worths: nil, extensions: IndexExtensions())
    }
    #expect(error.code == .tooShort)
    var damaged = bytes
    damaged[Int(file.manifest.chunkOffset(file.manifest.chunks.count - 1))] ^= 1
    let broken = try ModelFile(folder.write(damaged, to: "d.bstk"))
    #expect(throws: BSTKError.self) {
      try broken.restack(
        to: folder.file("n.bstk"), stack: Self.stack, worths: nil, extensions: IndexExtensions())
    }
    #expect(try folder.contents() == ["d.bstk", "m.bstk", "p.bstk"])
  }
}
