import BSTKFormat
import BSTKTestSupport
import Foundation
import Subprocess
import Testing

@Suite("fetch and a disk in trouble")
struct FetchDiskTests {
  /// A real disk of our own, with what happened on it.
  @Suite(
    "that is small, full or not to be written to",
    .enabled("no disk of our own") { await PrivateDisk.isAvailable.value })
  struct Small {
    let fixture: FetchFixture
    /// Where the published file lies for comparison.
    let published: String

    init() throws {
      fixture = try FetchFixture()
      published = try fixture.client.write(fixture.file, to: "published.bstk")
    }

    private func lines(_ text: String) -> [Substring] {
      text.split(separator: "\n")
    }

    @Test("Too small: refused with both numbers before chunks are moved; enlarged, it is enough")
    func refused() async throws {
      let server = try FaultServer(fixture.file) { _, response in response.pace = (64_000, 0.01) }
      defer { server.stop() }
      let run = try await PrivateDisk.run(
        "size=2m",
        """
        bstk fetch '\(server.url())' -o m.bstk; echo "$?:" *
        disk size=4m
        bstk fetch '\(server.url())' -o m.bstk >&2; echo "$?:" *
        cmp m.bstk '\(published)' && echo same
        """)
      #expect(lines(run.output) == ["2: *", "0: m.bstk", "same"], "\(run)")
      let index = fixture.manifest.header.indexEnd
      let needed = UInt64(fixture.file.count) - index
      #expect(run.error.contains("error[IO]"))
      #expect(run.error.contains("needs \(needed) more bytes, and the disk has 2097152 free"))
      #expect(run.error.contains("help: free some space"))
      // The first request of the first run, which opens the file, and the second run.
      #expect(server.bodyByteCount <= fixture.file.count + 1 << 20)
      #expect(server.requests.filter { $0.range?.lowerBound == 0 }.count == 2)
    }

    @Test("Too small to grow on: the output stays what it is")
    func refusedGrowth() async throws {
      let server = try FaultServer(fixture.file)
      defer { server.stop() }
      let run = try await PrivateDisk.run(
        "size=5m",
        """
        bstk fetch '\(server.url())' -o m.bstk --mb 1 >&2; echo "$?:" *
        cp m.bstk before
        bstk fetch '\(server.url())' -o m.bstk; echo "$?:" *
        cmp m.bstk before && rm before
        disk size=8m
        bstk fetch '\(server.url())' -o m.bstk >&2; echo "$?:" *
        cmp m.bstk '\(published)' && echo same
        """)
      // Growing takes twice what is missing, for a while.
      #expect(
        lines(run.output) == ["0: m.bstk", "2: before m.bstk", "0: m.bstk", "same"], "\(run)")
      #expect(run.error.contains(" more bytes, and the disk has "))
    }

    @Test("Filled by somebody else on the way: stops cleanly, and goes on once there is room")
    func filled() async throws {
      let fixture = try FetchFixture(levels: 16)
      let published = try fixture.client.write(fixture.file, to: "published.bstk")
      let server = try FaultServer(fixture.file) { _, response in response.pace = (16_000, 0.01) }
      defer { server.stop() }
      let run = try await PrivateDisk.run(
        "size=12m",
        """
        bstk fetch '\(server.url())' -o m.bstk --connections 2 & fetch=$!
        until [ -s m.bstk.part.journal ]; do sleep 0.02; done; sleep 0.5
        head -c 12m /dev/zero >filler 2>/dev/null
        wait $fetch; echo "$?:" *
        rm filler
        bstk fetch '\(server.url())' -o m.bstk --connections 2 >&2; echo "$?:" *
        cmp m.bstk '\(published)' && echo same
        """)
      #expect(
        lines(run.output)
          == ["2: filler m.bstk.part m.bstk.part.journal", "0: m.bstk", "same"], "\(run)")
      #expect(run.error.contains("error[IO]") && run.error.contains("No space left on device"))
      #expect(run.error.contains("help: free some space"))
      #expect(server.bodyByteCount <= fixture.file.count + fixture.file.count / 20)
    }

    @Test("Without room for the journal's name: stops cleanly, and goes on once there is")
    func noNames() async throws {
      let server = try FaultServer(fixture.file)
      defer { server.stop() }
      // The folder and one file.
      let run = try await PrivateDisk.run(
        "size=8m,nr_inodes=2",
        """
        bstk fetch '\(server.url())' -o m.bstk; echo "$?:" *
        disk nr_inodes=9
        bstk fetch '\(server.url())' -o m.bstk >&2; echo "$?:" *
        cmp m.bstk '\(published)' && echo same
        """)
      #expect(lines(run.output) == ["2: m.bstk.part", "0: m.bstk", "same"], "\(run)")
      #expect(run.error.contains("No space left on device"))
    }

    @Test("Read-only: refused before chunks are moved, for a new output and for one that grows")
    func readOnly() async throws {
      let server = try FaultServer(fixture.file) { _, response in response.pace = (64_000, 0.01) }
      defer { server.stop() }
      let run = try await PrivateDisk.run(
        "size=8m",
        """
        bstk fetch '\(server.url())' -o m.bstk --mb 1 >&2; echo "$?:" *
        disk ro
        bstk fetch '\(server.url())' -o new.bstk; echo "$?:" *
        bstk fetch '\(server.url())' -o m.bstk; echo "$?:" *
        disk rw
        bstk fetch '\(server.url())' -o m.bstk >&2; echo "$?:" *
        cmp m.bstk '\(published)' && echo same
        """)
      #expect(
        lines(run.output) == ["0: m.bstk", "2: m.bstk", "2: m.bstk", "0: m.bstk", "same"], "\(run)")
      #expect(
        run.error.components(separatedBy: "error[IO]").count == 3
          && run.error.contains("Read-only file system"))
      #expect(server.bodyByteCount <= fixture.file.count + 1 << 20 + 64 << 10)
    }
  }

  /// System calls that fail, made to by strace at the border of the kernel.
  @Suite(
    "whose system calls fail", .enabled("no strace") { await Strace.isAvailable.value })
  struct Failing {
    /// A call, the file it is about, and from which time on it fails. strace counts in each thread;
    /// all of these but the flush are made by one.
    struct Fault: Sendable, CustomTestStringConvertible {
      let call: String
      let file: String
      let first: Int
      var testDescription: String { "\(call) of \(file) from call \(first) on" }

      /// Everything a fetch asks of a disk while it runs.
      static let all = [
        Fault(call: "pwrite64", file: "m.bstk.part", first: 1),
        Fault(call: "pwrite64", file: "m.bstk.part", first: 2),
        Fault(call: "pwrite64", file: "m.bstk.part.journal", first: 1),
        Fault(call: "pwrite64", file: "m.bstk.part.journal", first: 2),
        Fault(call: "fsync", file: "m.bstk.part", first: 1),
        Fault(call: "ftruncate", file: "m.bstk.part", first: 1),
      ]
    }

    private static let reasons = [
      "ENOSPC": "No space left on device", "EDQUOT": "Disk quota exceeded",
      "EIO": "Input/output error",
    ]

    @Test(
      "Stops with the reason; what is there is right and the next run goes on from it",
      arguments: Fault.all, ["ENOSPC", "EDQUOT", "EIO"])
    func fails(_ fault: Fault, error: String) async throws {
      let fixture = try FetchFixture()
      let server = try FaultServer(fixture.file)
      defer { server.stop() }
      let path = fixture.client.file(fault.file)
      let run = try await Strace.run(
        ["-P", path, "-e", "inject=\(fault.call):error=\(error):when=\(fault.first)+"],
        fixture.arguments(server.url()))
      #expect(run.output.hasSuffix("status 2\n"), "\(run)")
      #expect(run.error.contains("error[IO]"), "\(run)")
      #expect(run.error.contains(try #require(Self.reasons[error])), "\(run)")
      if error != "EIO" { #expect(run.error.contains("help: free some space")) }
      #expect(try !fixture.client.contents().contains("m.bstk"))
      try await fixture.expectRest()
    }

    @Test(
      "Without locks two fetches of one output do no harm that the next would not mend",
      arguments: ["ENOLCK", "ENOSYS"], [[], ["--mb", "1"]])
    func noLocks(error: String, budget: [String]) async throws {
      let fixture = try FetchFixture()
      let server = try FaultServer(fixture.file) { _, response in response.pace = (16_000, 0.01) }
      defer { server.stop() }
      let options = ["-e", "inject=flock:error=\(error)"]
      async let first = Strace.run(options, fixture.arguments(server.url()))
      async let second = Strace.run(options, fixture.arguments(server.url(), budget))
      let runs = try await [first, second]
      // Who comes last may find its partial file renamed by the other.
      #expect(runs.contains { $0.output.hasSuffix("status 0\n") }, "\(runs)")
      let cut = try fixture.manifest.cut(within: Budget(fileByteCount: 1_000_000))
      let sound = budget.isEmpty ? fixture.file.count : Int(cut.fileByteCount)
      #expect(
        try fixture.client.read("m.bstk").prefix(sound).elementsEqual(fixture.file.prefix(sound)))
      try await fixture.expectRest()
    }
  }

  @Test("A file that may not grow beyond a limit stops the fetch with the reason")
  func limitedFile() async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file)
    defer { server.stop() }
    let run = try await Shell.run(
      """
      ulimit -f 1000; NO_COLOR=1 '\(Program.path)' fetch '\(server.url())' -o '\(fixture.output)'
      echo "status $?"
      """)
    #expect(run.output == "status 2\n", "\(run)")
    #expect(run.error.contains("error[IO]") && run.error.contains("File too large"), "\(run)")
    #expect(run.error.contains("at byte offset"))
    #expect(try await fixture.expectRest() > 0)
  }

  @Test("A second fetch of one output is told so; one that was killed blocks nobody")
  func twice() async throws {
    let fixture = try FetchFixture()
    let server = try FaultServer(fixture.file) { _, response in response.pace = (8_000, 0.01) }
    defer { server.stop() }
    let arguments = fixture.arguments(server.url())
    let run = try await Program.run(arguments) { send in
      try await fixture.wait(for: server, toSend: 500_000)
      let second = try await Program.run(arguments)
      #expect(second.code == 2 && second.error.hasPrefix("error[BUSY]"), "\(second)")
      try send(.kill)
    }
    #expect(run.code == 128 + 9)
    #expect(try await fixture.expectRest() > 0)
  }
}
