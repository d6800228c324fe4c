import BSTKTestSupport
import Foundation
import Testing

/// The committed files are what the generator makes, and the library finds in each what the Spec
/// says.
@Suite(.serialized) struct FixtureTests {
  static let all = ValidFixtures.all + InvalidFixtures.all

  @Test func namesAreUsedOnce() {
    #expect(Set(Self.all.map(\.path)).count == Self.all.count)
    #expect(Self.all.count > 150)
  }

  @Test(arguments: ValidFixtures.all) func validFilesAreAccepted(_ fixture: FixtureCase) throws {
    let entry = try FixtureEntry(fixture)
    #expect(entry.code == nil)
    #expect(entry.state == entry.verifiedState)
  }

  @Test(arguments: InvalidFixtures.all)
  func invalidFilesAreRejectedWithTheirCode(_ fixture: FixtureCase) throws {
    let entry = try FixtureEntry(fixture)
    #expect(entry.code == fixture.fault?.code)
    #expect(entry.stage == fixture.fault?.stage)
  }

  /// `BSTK_RECORD_FIXTURES=1 swift test --filter ConformanceTests` writes the files anew.
  @Test func committedFilesAreTheGeneratedOnes() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let index = [UInt8](try encoder.encode(Self.all.map(FixtureEntry.init)))
    if FixtureFolder.isRecording {
      for fixture in Self.all { try FixtureFolder.write(fixture.bytes, to: fixture.path) }
      try FixtureFolder.write(index, to: "index.json")
      for name in try committedNames() where !Self.all.contains(where: { $0.path == name }) {
        try FixtureFolder.remove(name)
      }
    }
    #expect(try committedNames() == Self.all.map(\.path).sorted())
    for fixture in Self.all {
      #expect(try FixtureFolder.read(fixture.path) == fixture.bytes, "\(fixture.path)")
    }
    let committed = try JSONDecoder().decode(
      [FixtureEntry].self, from: Data(FixtureFolder.read("index.json")))
    #expect(try committed == Self.all.map(FixtureEntry.init))
  }

  private func committedNames() throws -> [String] {
    (try FixtureFolder.contents("invalid") + FixtureFolder.contents("valid")).sorted()
  }
}
