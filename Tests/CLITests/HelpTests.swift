import ArgumentParser
import Foundation
import Testing

@testable import bstk

@Suite("Help, version and usage")
struct HelpTests {
  /// The subcommands as the program itself lists them.
  static let commands = Bstk.configuration.subcommands.map { command in
    command.configuration.commandName ?? "\(command)".lowercased()
  }

  @Test("Every command of the design is there, and the list is the program's own")
  func complete() async throws {
    #expect(
      Set(Self.commands).isSuperset(of: [
        "compress", "demo", "export", "fetch", "import", "inspect", "plan", "serve", "trim",
        "verify",
      ]))
    let run = try await Program.run(["--help"])
    #expect(run.code == 0)
    for command in Self.commands { #expect(run.output.contains("  \(command) "), "\(command)") }
  }

  @Test(
    "Help goes to standard output and has examples that begin with the command", arguments: commands
  )
  func help(_ command: String) async throws {
    let run = try await Program.run([command, "--help"])
    #expect(run.code == 0 && run.error.isEmpty)
    #expect(run.output.contains("EXAMPLES\n  bstk \(command)"))
    #expect(run.output.contains("USAGE: bstk \(command)"))
    let lines = run.output.split(separator: "\n").filter { !$0.hasPrefix("USAGE") }
    for line in lines { #expect(line.count <= 80, "\(line)") }
  }

  @Test("The program takes every command line of the README")
  func readme() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../README.md").standardizedFileURL
    let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasPrefix("bstk ") }
    #expect(lines.count > 8)
    for line in lines {
      // A remark, or `&` for the background, ends a command; double quotes hold words together.
      let words = line.split(separator: " ").prefix { !$0.hasPrefix("#") && $0 != "&" }
      var arguments: [String] = []
      for word in words.dropFirst().map(String.init) {
        if arguments.last?.first == "\"" {
          arguments[arguments.count - 1] += " " + word
        } else {
          arguments.append(word)
        }
        if arguments.last?.last == "\"" {
          arguments[arguments.count - 1].removeAll { $0 == "\"" }
        }
      }
      // A digest of 64 digits is shortened to its first 8.
      arguments = arguments.map {
        $0.replacing("'", with: "").replacing("…", with: String(repeating: "0", count: 56))
      }
      #expect(throws: Never.self, "\(line)") { try Bstk.parseAsRoot(arguments) }
    }
  }

  @Test("--version prints three numbers")
  func version() async throws {
    let run = try await Program.run(["--version"])
    let numbers = run.output.split(separator: ".").compactMap {
      Int($0.trimmingPrefix("\n").prefix { $0.isNumber })
    }
    #expect(run.code == 0 && numbers.count == 3)
  }

  @Test(
    "Wrong usage exits with 64, says what is wrong and prints nothing as data",
    arguments: [
      ["nonsense"], ["inspect"], ["inspect", "a", "b"], ["plan", "m", "--mb", "-5"],
      ["plan", "m", "--mb", "1.5XB"], ["plan", "m", "--mb", "99999999999999TB"],
      ["plan", "m", "--blocks", "-1"], ["verify", "m", "--root", "12"], ["trim"],
      ["serve", ".", "--port", "70000"], ["serve"],
      ["fetch", "http://x/m", "-o", "m", "--all", "--mb", "1"], ["fetch", "-o", "m"],
      ["fetch", "http://x/m", "-o", "m", "--all", "--fit"], ["plan", "m", "--ram", "automatic"],
      ["plan", "m", "--fit", "--ram", "1GiB"],
    ])
  func usage(_ arguments: [String]) async throws {
    let run = try await Program.run(arguments)
    #expect(run.code == 64)
    #expect(run.output.isEmpty && run.error.contains("Error: "))
  }
}
