import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Subprocess
import Testing

#if canImport(Glibc)
  import Glibc
#endif

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

@Suite("fetch, inspect and plan against a real nginx", .enabled(if: Nginx.path != nil, "no nginx"))
struct FetchTests {
  /// A published model of about 3 MB, and where the client keeps its own.
  let published: TemporaryFolder
  let client: TemporaryFolder
  let manifest: Manifest
  let bytes: [UInt8]

  init() throws {
    published = try TemporaryFolder()
    client = try TemporaryFolder()
    let matrices = (0..<12).map {
      SyntheticModel.Matrix("model.layers.\($0).a.weight", rows: 512, columns: 640, levels: 6)
    }
    manifest = try SyntheticModel(matrices: matrices, tensors: [("model.norm.weight", 100_000)])
      .write(to: published.file("m.bstk"))
    bytes = try published.read("m.bstk")
  }

  private func expectPrefix(within byteCount: UInt64) throws -> UInt64 {
    let got = try client.read("m.bstk")
    let cut = try manifest.cut(within: Budget(fileByteCount: byteCount))
    #expect(got.count == Int(cut.fileByteCount))
    #expect(got.elementsEqual(bytes.prefix(got.count)))
    #expect(try client.contents() == ["m.bstk"])
    return cut.fileByteCount
  }

  @Test("A budget brings exactly its prefix; a larger one only the difference; the same, nothing")
  func grows() async throws {
    try await Nginx.serving(published.path) { server in
      let fetch = { (size: String) in
        try await Program.run(
          ["fetch", server.address + "m.bstk", "-o", client.file("m.bstk"), "--mb", size])
      }
      let first = try await fetch("1.2")
      // A piped run prints its summary and no progress.
      #expect(first.code == 0 && first.error.isEmpty, "\(first)")
      let small = try expectPrefix(within: 1_200_000)
      let served = try server.log().reduce(0) { $0 + $1.bytesSent }
      #expect(served <= small + (1 << 16))

      let second = try await fetch("1.8")
      #expect(second.code == 0, "\(second)")
      let large = try expectPrefix(within: 1_800_000)
      let more = try server.log().reduce(0) { $0 + $1.bytesSent } - served
      #expect(more >= large - small && more <= large - small + (1 << 16))

      let again = try await fetch("1.8")
      #expect(again.code == 0, "\(again)")
      let nothing = try server.log().reduce(0) { $0 + $1.bytesSent } - served - more
      #expect(nothing <= 1 << 16)
      #expect(try server.log().allSatisfy { $0.status == 206 && $0.range.hasPrefix("bytes=") })
    }
  }

  @Test("kill -9 in the middle loses little: the next run brings the rest")
  func killed() async throws {
    try await Nginx.serving(published.path, bytesPerSecond: 100_000) { server in
      let arguments = [
        "fetch", server.address + "m.bstk", "-o", client.file("m.bstk"), "--all", "--connections",
        "1",
      ]
      let killed = try await Subprocess.run(
        .path(FilePath(Program.path)), arguments: Arguments(arguments), input: .none,
        output: .discarded, error: .discarded
      ) { process in
        // As soon as something has been stored; the limit makes the whole take half a minute.
        for _ in 0..<1_000 {
          let parts = try client.contents().filter { $0.hasSuffix(".part") }
          let size = try parts.map { try client.read($0).count }.max() ?? 0
          if size > 100_000 { break }
          try await Task.sleep(for: .milliseconds(10))
        }
        try process.send(signal: .kill)
      }
      #expect(killed.terminationStatus == .signaled(9))
      #expect(try !client.contents().contains("m.bstk"))
    }
    try await Nginx.serving(published.path) { server in
      let run = try await Program.run(
        ["fetch", server.address + "m.bstk", "-o", client.file("m.bstk"), "--all"])
      #expect(run.code == 0, "\(run)")
      #expect(try client.read("m.bstk") == bytes)
      #expect(try client.contents() == ["m.bstk"])
    }
  }

  @Test("A budget below the base says what is needed, having moved at most the first request")
  func tooSmall() async throws {
    try await Nginx.serving(published.path) { server in
      let run = try await Program.run(
        ["fetch", server.address + "m.bstk", "-o", client.file("m.bstk"), "--mb", "0.1"])
      #expect(run.code == 1 && run.error.contains("error[BUDGET_TOO_SMALL]"), "\(run)")
      #expect(run.error.contains("at least"))
      #expect(try client.contents() == [])
      let log = try server.log()
      #expect(log.count == 1 && log.allSatisfy { $0.bytesSent <= 1 << 20 })
    }
  }

  @Test("inspect and plan open an address with one bounded request")
  func remote() async throws {
    try await Nginx.serving(published.path) { server in
      for command in [["inspect"], ["plan", "--mb", "1.2"]] {
        let before = try server.log().count
        let remote = try await Program.run(command + [server.address + "m.bstk", "--json"])
        let local = try await Program.run(command + [published.file("m.bstk"), "--json"])
        #expect(remote.code == 0, "\(remote)")
        #expect(
          remote.output.replacing(server.address, with: "")
            == local.output.replacing(published.path + "/", with: ""))
        let log = try server.log()
        #expect(log.count == before + 1 && log.allSatisfy { $0.bytesSent <= 1 << 20 })
      }
    }
  }

  @Test(
    "Bad input: one clear message, exit code 1 or 2, and nothing under the final name",
    arguments: Damage.allCases.filter { $0 != .folder && $0 != .overlong })
  func damaged(_ damage: Damage) async throws {
    let folder = try TemporaryFolder()
    let name = URL(filePath: try damage.make(in: folder)).lastPathComponent
    try await Nginx.serving(folder.path) { server in
      for command in ["fetch", "inspect", "plan"] {
        if damage == .chunkBit, command != "fetch" { continue }
        let target = command == "fetch" ? ["-o", client.file("m.bstk"), "--all"] : []
        let run = try await Program.run([command, server.address + name] + target)
        #expect(run.code == 1 || run.code == 2, "\(command): \(run)")
        #expect(run.error.hasPrefix("error["), "\(command): \(run)")
        #expect(run.error.components(separatedBy: "error[").count == 2)
        #expect(try !client.contents().contains("m.bstk"))
      }
    }
  }

  @Test("A local address of a FIFO or a folder is refused at once, not waited for")
  func notRegular() async throws {
    let folder = try TemporaryFolder()
    // SAFETY: the path is a valid C string during the call.
    #expect(unsafe mkfifo(folder.file("fifo"), 0o600) == 0)
    for path in [folder.file("fifo"), folder.path] {
      let run = try await Program.run(["fetch", "file://" + path, "-o", client.file("m.bstk")])
      #expect(run.code == 2 && run.error.hasPrefix("error[IO]"), "\(run)")
      #expect(run.error.contains("not a regular file"))
      #expect(try client.contents() == [])
    }
  }
}
