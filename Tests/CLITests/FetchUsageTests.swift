import BSTKTestSupport
import Foundation
import Testing

@Suite("fetch, used wrongly: refused before anything is asked or made")
struct FetchUsageTests {
  /// Nobody listens here: what got as far as the network would fail with another exit code.
  private static let address = "http://127.0.0.1:1/m.bstk"
  private static let digest = String(repeating: "0a", count: 32)

  private func expectRefused(
    _ arguments: [String], _ message: String, _ environment: [String: String] = [:],
    at location: SourceLocation = #_sourceLocation
  ) async throws {
    let folder = try TemporaryFolder()
    let run = try await Program.run(
      arguments, environment: ["BSTK_TOKEN": ""].merging(environment) { $1 }, in: folder.path)
    #expect(run.code == 64 && run.output.isEmpty, "\(run)", sourceLocation: location)
    #expect(run.error.contains(message), "\(run)", sourceLocation: location)
    #expect(run.error.contains("Usage: bstk \(arguments[0]) "), sourceLocation: location)
    #expect(!run.error.contains("S3cret"), sourceLocation: location)
    #expect(try folder.contents() == [], sourceLocation: location)
  }

  @Test(
    "Addresses that are none, with what to write instead",
    arguments: [
      ("example.com/x.bstk", "write https://example.com/x.bstk."),
      ("./x.bstk", "write file:///"), ("/models/x y.bstk", "write file:///models/x%20y.bstk for"),
      ("x.bstk", "write it like https://"), ("", "write it like https://"),
      ("me:S3cret@example.com/x", "write it like https://"),
      ("http://a.org/x y.bstk", "write %20"), ("http://a.org/x.bstk\n", "write %20"),
      ("http://a.org/x\u{7F}.bstk", "control characters"),
      ("file://x.bstk", "three slashes"), ("http:///x.bstk", "no host"),
      ("ftp://a.org/x.bstk", "ftp addresses are not supported"),
    ])
  func address(_ text: String, message: String) async throws {
    try await expectRefused(["fetch", text, "-o", "m.bstk"], message)
    try await expectRefused(["fetch", Self.address, "--mirror", text], message)
  }

  @Test(
    "Fragments that pin nothing",
    arguments: [
      "", "root=", "root=12", "x=1", "ROOT=\(digest)", "Root=\(digest)", "root=\(digest)0",
    ])
  func fragment(_ text: String) async throws {
    for command in ["fetch", "plan", "inspect"] {
      try await expectRefused([command, "\(Self.address)#\(text)"], "#root= in lower case")
    }
  }

  @Test("Outputs that are none, given or taken from the address")
  func output() async throws {
    try await expectRefused(["fetch", Self.address, "-o", ""], "-o must name a file")
    try await expectRefused(["fetch", Self.address, "-o", "-"], "standard output")
    let names = ["", "?m.bstk", "%2e%2e", "..", "a%2Fb", "%00", "%0A", "%", "%4", "%FF", "a%1b"]
    for name in names {
      try await expectRefused(["fetch", "http://127.0.0.1:1/\(name)"], "choose one with -o")
    }
    try await expectRefused(["fetch", "http://127.0.0.1:1"], "choose one with -o")
  }

  @Test(
    "Headers that would end another one, or are none",
    arguments: [
      ("X", "Name: value"), (": S3cret", "the name of a"),
      ("X Y: S3cret", "the name of a"), ("X : S3cret", "the name of a"),
      ("Ü: S3cret", "the name of a"), ("X(: S3cret", "the name of a"),
      ("X\r\nY: S3cret", "the name of a"), ("X: a\r\nY: S3cret", "control characters"),
      ("X: a\nY: S3cret", "control characters"), ("X: S3cret\u{7F}", "control characters"),
      ("X: S3cret\u{1B}[2J", "control characters"),
    ])
  func header(_ line: String, message: String) async throws {
    for command in ["fetch", "plan", "inspect"] {
      try await expectRefused([command, Self.address, "--header", line], message)
    }
  }

  @Test("Tokens that are not one word", arguments: ["S3cret x", "S3cret\r\nX: y", "S3cret\u{E9}"])
  func token(_ text: String) async throws {
    for command in ["fetch", "plan", "inspect"] {
      try await expectRefused(
        [command, Self.address], "token is not one word", ["BSTK_TOKEN": text])
    }
  }

  @Test("Files of certificates and passwords that cannot be read")
  func files() async throws {
    let empty = try TemporaryFolder()
    for command in ["fetch", "plan", "inspect"] {
      try await expectRefused(
        [command, Self.address, "--cacert", empty.file("none.pem")],
        "--cacert: cannot open \(empty.file("none.pem")): No such file")
      try await expectRefused(
        [command, Self.address, "--netrc"], "--netrc: cannot open \(empty.file(".netrc"))",
        ["HOME": empty.path])
    }
  }

  @Test(
    "Sizes: the message names the units",
    arguments: ["-5", "1e30", "nan", "12,5", "5 XB", "", "99999999999TB"])
  func size(_ text: String) async throws {
    for option in ["--mb", "--ram", "--limit-rate"] {
      try await expectRefused(["fetch", Self.address, option, text], "MB, GB, TB, KiB, MiB")
    }
  }

  @Test("The default output is the decoded last part of the address, in the current folder")
  func defaultOutput() async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file)
    defer { server.stop() }
    let address = server.url("/a%2Fb/m%C3%BC%20%252F.bstk?x=/y")
    let run = try await Program.run(["fetch", address], in: fixture.client.path)
    #expect(run.code == 0 && run.output.hasPrefix("mü %2F.bstk: "), "\(run)")
    #expect(try fixture.client.contents() == ["mü %2F.bstk"])
  }

  @Test("--json and --quiet contradict each other")
  func quietJSON() async throws {
    try await expectRefused(["fetch", Self.address, "--json", "--quiet"], "cannot be combined")
  }

  @Test("What was typed is repeated without what would command the terminal")
  func escapes() async throws {
    try await expectRefused(["fetch", "\u{1B}[31m\u{9B}2J"], "'?[31m?2J'")
    let run = try await Program.run(["plan", "\u{1B}[31mx\u{202E}"])
    #expect(run.code == 2 && run.error.contains("?[31mx?"), "\(run)")
    #expect(!run.error.contains("\u{1B}"))
  }
}
