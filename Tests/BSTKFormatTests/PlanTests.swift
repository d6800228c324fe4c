import BSTKCodec
import BSTKFormat
import BSTKTestSupport
import Testing

@Suite struct PlanTests {
  let manifest: Manifest

  init() throws {
    let bytes = try SyntheticModel().bytes()
    manifest = try Manifest(opening: bytes.span)
  }

  private func chunkCount(_ budget: Budget) throws -> Int {
    try manifest.cut(within: budget).chunkCount
  }

  @Test func anUnlimitedBudgetTakesEverything() throws {
    let cut = try manifest.cut(within: .unlimited)
    #expect(cut.chunkCount == manifest.chunks.count)
    #expect(cut.fileByteCount == manifest.header.storedByteCount)
    #expect(cut.blockCount == manifest.blockCount)
  }

  /// One byte, one resident byte or one block less than a cut needs gives the cut before it; one
  /// more changes nothing.
  @Test func everyCutHasItsEdges() throws {
    for count in manifest.baseChunkCount...manifest.chunks.count {
      let cut = manifest.cut(afterChunks: count)
      for extra in [0, 1] {
        let bytes = cut.fileByteCount + UInt64(extra)
        #expect(try chunkCount(Budget(fileByteCount: bytes)) == count)
        let resident = cut.residentByteCount + UInt64(extra)
        #expect(try chunkCount(Budget(residentByteCount: resident)) == count)
      }
      #expect(try chunkCount(Budget(blockCount: cut.blockCount)) == count)
      let less = [
        Budget(fileByteCount: cut.fileByteCount - 1),
        Budget(residentByteCount: cut.residentByteCount - 1),
        Budget(blockCount: cut.blockCount - 1),
      ]
      for budget in less {
        if count > manifest.baseChunkCount {
          #expect(try chunkCount(budget) == count - 1)
        } else {
          let error = #expect(throws: BSTKError.self) { try manifest.cut(within: budget) }
          #expect(error?.code == .budget)
        }
      }
    }
  }

  @Test func theTightestBoundDecides() throws {
    let small = manifest.cut(afterChunks: manifest.baseChunkCount + 1)
    let large = manifest.cut(afterChunks: manifest.baseChunkCount + 3)
    let budget = Budget(
      fileByteCount: large.fileByteCount, residentByteCount: small.residentByteCount,
      blockCount: large.blockCount)
    #expect(try manifest.cut(within: budget) == small)
  }

  @Test func theMessageNamesWhatIsEnough() throws {
    let error = #expect(throws: BSTKError.self) {
      try manifest.cut(within: Budget(fileByteCount: 1000))
    }
    #expect(manifest.header.baseEnd < 10_000)
    #expect(error?.remedy == "ask for at least --mb 0.01")
  }

  @Test func statesOfLengths() {
    let header = manifest.header
    let base = manifest.baseChunkCount
    #expect(manifest.state(ofByteCount: 0) == .tooShort(needed: header.baseEnd))
    #expect(manifest.state(ofByteCount: header.baseEnd - 1) == .tooShort(needed: header.baseEnd))
    #expect(
      manifest.state(ofByteCount: header.baseEnd) == .prefix(chunkCount: base, tailByteCount: 0))
    #expect(
      manifest.state(ofByteCount: header.baseEnd + 1) == .prefix(chunkCount: base, tailByteCount: 1)
    )
    #expect(manifest.state(ofByteCount: header.storedByteCount) == .complete)
    #expect(
      manifest.state(ofByteCount: header.storedByteCount + 2) == .overlong(extraByteCount: 2))
    #expect(manifest.state(ofByteCount: .max).description == "OVERLONG")
  }

  @Test func residentBytesAreTensorsAndBlocks() {
    var sum: UInt64 = 0
    for object in manifest.objects {
      if case .tensor = object.contents { sum += object.byteCount }
    }
    for index in manifest.chunks.indices where manifest.chunks[index].isBlock {
      sum += UInt64(manifest.payloadByteCount(ofChunk: index))
    }
    let whole = manifest.cut(afterChunks: manifest.chunks.count)
    #expect(whole.residentByteCount == sum)
  }

  @Test func chunksOfMatricesAndObjects() {
    for number in manifest.matrices.indices {
      let chunks = manifest.blockChunks(ofMatrix: number)
      #expect(chunks.count == manifest.matrices[number].levelCount)
      for (level, chunk) in chunks.enumerated() {
        if case .block(let owner, let place, _, _) = manifest.chunks[chunk].contents {
          #expect(owner == number)
          #expect(place == level)
        } else {
          Issue.record("chunk \(chunk) is no block")
        }
      }
    }
    for number in manifest.objects.indices {
      let first = manifest.firstTile(ofObject: number)
      #expect(manifest.chunks[first].contents == .tile(object: number))
    }
  }
}
