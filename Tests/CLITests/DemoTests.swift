import BSTKTestSupport
import Foundation
import Testing

@Suite("demo")
struct DemoTests {
  @Test("The whole journey: three fetches that only add, a trim, errors that fall")
  func journey() async throws {
    let folder = try TemporaryFolder()
    let run = try await Program.run(["demo", "--keep", folder.file("kept")])
    #expect(run.code == 0, "\(run)")
    let rows = run.output.split(separator: "\n").drop { !$0.hasPrefix("budget") }.dropFirst()
      .map { $0.split(separator: " ").map(String.init) }
    #expect(rows.count == 4)
    let sizes = rows.compactMap { number($0, 4) }
    let moved = rows.compactMap { number($0, 5) }
    #expect(sizes.count == 4 && sizes[0] < sizes[1] && sizes[1] < sizes[2], "\(run.output)")
    #expect(sizes[3] == sizes[0])
    // Each fetch moves what the one before did not, and one more request's slack at the most.
    #expect(moved[3] == 0, "\(run.output)")
    #expect(moved[0..<3].reduce(0, +) <= sizes[2] + (1 << 20), "\(run.output)")
    #expect(try folder.contents() == ["kept"])
  }

  private func number(_ row: [String], _ fromEnd: Int) -> Int? {
    guard row.count > fromEnd else { return nil }
    return Int(row[row.count - fromEnd].filter { $0.isNumber })
  }

  @Test("demo: a model that is not there is an error before anything is made")
  func demo() async throws {
    let folder = try TemporaryFolder()
    for (arguments, environment) in [
      (["demo", "--model", folder.file("none")], [:]),
      (["demo"], ["BSTK_FIXTURES": folder.path]),
    ] {
      let run = try await Program.run(arguments, environment: environment, in: folder.path)
      #expect(run.code == 1 && run.error.hasPrefix("error[MODEL]: "), "\(run)")
      #expect(try folder.contents() == [])
    }
  }
}
