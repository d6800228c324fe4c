import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

/// The Spec suffices: a reader written from its text alone agrees with the library.
@Suite(.enabled(if: SecondReader.isAvailable, "python3 is not in PATH"))
struct SecondReaderTests {
  @Test func bothReadersAgreeOnEveryTestFile() async throws {
    let fixtures = FixtureTests.all
    let views = try await SecondReader.views(of: fixtures.map { FixtureFolder.path($0.path) })
    try #require(views.count == fixtures.count)
    for (fixture, view) in zip(fixtures, views) {
      expectAgreement(try FixtureEntry(fixture), view)
      if view.code == nil { try expectSameContents(fixture.bytes, view) }
    }
  }

  @Test func bothReadersAgreeOnDamagedFiles() async throws {
    var mutator = Mutator(seed: MutationTests.seed + 1)
    let sources = ValidFixtures.all.map(\.bytes)
    // Their paths have to fit on one command line.
    let count = min(MutationTests.iterations / 10, 10_000)
    try await expectAgreement(on: (0..<count).map { mutator.mutate(sources[$0 % sources.count]) })
  }

  /// A prime as the step reaches bits of every place in a byte.
  @Test func bothReadersAgreeOnFlippedBitsOfNestedPlanes() async throws {
    try await expectAgreement(
      on: BitFlipTests.flippedChunks(.nested(), every: 11)
        + BitFlipTests.flippedManifests(.nested(), every: 17)
        + BitFlipTests.flippedChunks(.tinyPlanes(), every: 3))
  }

  @Test func bothReadersAgreeOnFlippedBitsOfParts() async throws {
    // Of the matrix table, every bit.
    let table = BitFlipTests.flippedManifests(.parts())[(8 * 256)..<(8 * (256 + 6 * 32))]
    try await expectAgreement(
      on: table + BitFlipTests.flippedChunks(.parts(), every: 13)
        + BitFlipTests.flippedManifests(.parts(), every: 23))
  }

  private func expectAgreement(on files: [[UInt8]]) async throws {
    let folder = try TemporaryFolder()
    var paths: [String] = []
    for (number, bytes) in files.enumerated() {
      paths.append(try folder.write(bytes, to: "\(number).bstk"))
    }
    let views = try await SecondReader.views(of: paths)
    try #require(views.count == files.count)
    for (bytes, view) in zip(files, views) {
      let entry = try FixtureEntry(
        FixtureCase(name: view.file, clause: "18", fault: nil, bytes: bytes))
      expectAgreement(entry, view)
      if view.code == nil { try expectSameContents(bytes, view) }
    }
  }

  private func expectAgreement(_ entry: FixtureEntry, _ view: SecondReader.View) {
    #expect(view.code == entry.code, "\(view.file)")
    #expect(view.stage == entry.stage, "\(view.file)")
    #expect(view.state == entry.state, "\(view.file)")
    #expect(view.verifiedState == entry.verifiedState, "\(view.file)")
    #expect(view.root == entry.root, "\(view.file)")
    #expect(view.chunks == entry.chunks, "\(view.file)")
    #expect(view.baseChunks == entry.baseChunks, "\(view.file)")
    #expect(view.verifiedChunks == entry.verifiedChunks, "\(view.file)")
    #expect(view.blocks == entry.blocks, "\(view.file)")
  }

  private func expectSameContents(_ bytes: [UInt8], _ view: SecondReader.View) throws {
    let file = try ModelFile(MemorySource(bytes))
    let manifest = file.manifest
    #expect(
      try view.payloads == file.payloadDigests(ofChunks: file.chunkCount), "\(view.file)")
    #expect(view.names == manifest.matrices.map(\.name) + manifest.objects.map(\.name))
    #expect(view.offsets == manifest.chunkOffsets)
    #expect(view.extensions?.provenance == manifest.extensions.provenance)
    #expect(view.extensions?.worths == manifest.extensions.worths)
    let quality = manifest.extensions.quality
    #expect(view.extensions?.quality?.label == quality?.label)
    #expect(
      view.extensions?.quality?.points == quality?.points.map { [Double($0.chunkCount), $0.value] })
    for (number, rows) in (view.matrices ?? []).enumerated() {
      let ours = try Reconstruction.matrix(number, of: file)
      let theirs = Array(rows.joined())
      try #require(ours.count == theirs.count)
      let largest = theirs.reduce(0) { max($0, abs($1)) }
      for (a, b) in zip(ours, theirs) {
        let scale =
          switch manifest.matrices[number].kind {
          // Levels may cancel each other.
          case .signBlocks: 1e-5 * largest
          case .nestedPlanes: 1e-6 * abs(b)
          }
        #expect(abs(Double(a) - b) <= scale + 1e-37, "\(view.file), matrix \(number)")
      }
    }
  }
}
