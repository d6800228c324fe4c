import BSTKFormat
import BSTKServer
import BSTKTestSupport
import Foundation
import Testing

@testable import bstk

@Suite("Exit codes and the Spec")
struct ErrorCodeTests {
  /// The exit code that is stated for each code, out of the Spec's table and those for tools.
  private static func listed() throws -> [String: Int32] {
    let root = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try ["spec.md", "tools.md"].map {
      try String(contentsOf: root.appending(path: "Spec/v1/\($0)"), encoding: .utf8)
    }.joined()
    let rows = text.matches(of: /(?m)^\| `([A-Z_]+)` \| [^|]+ \| ([0-9]+) \|$/)
    var codes: [String: Int32] = [:]
    for row in rows {
      let code = String(row.1)
      #expect(codes[code] == nil, "\(code) is listed twice")
      codes[code] = Int32(row.2)
    }
    return codes
  }

  @Test("Every code ends the program as the Spec says")
  func everyCode() throws {
    var codes = try Self.listed()
    #expect(codes.count >= 48)
    #expect(codes.removeValue(forKey: "SERVER") == ErrorReport(try serverError()).status.rawValue)
    #expect(
      codes.removeValue(forKey: "FAILURE") == ErrorReport(CancellationError()).status.rawValue)
    for (code, exit) in codes {
      let report = ErrorReport(BSTKError(BSTKError.Code(rawValue: code), "x"))
      #expect(report.status.rawValue == exit, "\(code)")
    }
  }

  private func serverError() throws -> ServerError {
    let folder = try TemporaryFolder()
    return try #require(
      #expect(throws: ServerError.self) { try RangeServer(root: folder.file("missing")).start() })
  }
}
