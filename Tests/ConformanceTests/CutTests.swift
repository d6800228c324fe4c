import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

/// Every length of a file is one of the Spec's states, and the hashes agree with the length.
@Suite struct CutTests {
  /// Whole files, with where their base and their chunks end.
  private static let files: [(bytes: [UInt8], chunkEnds: [Int], baseEnd: Int)] =
    [RawFile.tiny(), RawFile.sample(), RawFile.nested(), RawFile.parts()].map { file in
      let ends = file.chunks.indices.map { file.offset(ofChunk: $0) + file.chunks[$0].stored.count }
      return (file.bytes(), ends, ends[file.baseChunkCount - 1])
    }

  @Test(arguments: files.indices) func everyLengthHasItsState(_ number: Int) throws {
    let (bytes, chunkEnds, baseEnd) = Self.files[number]
    for length in 0...(bytes.count + 70) {
      let extra = [UInt8](repeating: 0, count: max(length - bytes.count, 0))
      let cut = Array(bytes.prefix(length)) + extra
      let whole = chunkEnds.count { $0 <= length }
      let tail = length - (whole > 0 ? chunkEnds[whole - 1] : 0)
      let expected =
        if length > bytes.count {
          "OVERLONG"
        } else if length == bytes.count {
          "COMPLETE"
        } else if length < baseEnd {
          "TOO_SHORT"
        } else {
          tail == 0 ? "PREFIX(\(whole))" : "PREFIX(\(whole))+TAIL(\(tail))"
        }
      #expect(try Self.state(cut) == expected, "length \(length)")
    }
  }

  /// The state by length, provided that the one by hashes is the same and usability agrees.
  private static func state(_ bytes: [UInt8]) throws -> String {
    let file: ModelFile
    do {
      file = try ModelFile(MemorySource(bytes))
    } catch {
      return error.code.rawValue
    }
    let report = try file.verify()
    guard report.state == file.state else {
      return "\(file.state) by length, \(report.state) by hashes"
    }
    do {
      try file.requireUsable()
    } catch {
      guard report.fault?.code == error.code else { return "\(error) is no fault of the file" }
      return error.code.rawValue
    }
    if let fault = report.fault { return "\(fault) in a good prefix" }
    return file.state.description
  }

  @Test func aLostTailIsFoundByItsHash() throws {
    let (bytes, chunkEnds, baseEnd) = Self.files[1]
    // What a crash leaves when a file was given its length before its contents.
    for start in stride(from: baseEnd, to: bytes.count, by: 7) {
      var lost = bytes
      for index in start..<bytes.count { lost[index] = 0 }
      let file = try ModelFile(MemorySource(lost))
      #expect(file.state == .complete)
      let report = try file.verify()
      // A chunk whose lost bytes were zero anyway is whole.
      let whole = chunkEnds.count { lost[..<$0] == bytes[..<$0] }
      #expect(report.verifiedChunkCount == whole)
      if lost != bytes { #expect(report.fault?.code == .chunkHash) }
    }
  }
}
