import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

#if os(Linux)
  @Suite(
    "Running in a control group with little memory",
    .enabled(if: MemoryGroup.isAvailable, "no control groups"))
  struct MemoryGroupTests {
    @Test("A conversation gives way to a process that takes 100 MB, and takes up again later")
    func givesWay() async throws {
      let folder = try TemporaryFolder()
      let manifest = try RoomyModel.write(to: folder.file("m.bstk"), levels: 16)
      let whole = manifest.cut(afterChunks: manifest.chunks.count)
      #expect(whole.residentByteCount > 170_000_000)
      let group = try #require(MemoryGroup(byteLimit: 300_000_000))
      // `tail` holds what it is given until its input ends.
      let script = """
        enter() { echo $BASHPID > '\(group.folder)/cgroup.procs'; }
        talk() {
          echo "In the beginning"; sleep 4
          (enter; (head -c 100000000 /dev/zero; sleep 4) | tail -c 100000000 | wc -c >&2) &
          sleep 2; echo "And God said"; wait
          sleep 8; echo "Let there be light"
        }
        cd '\(folder.path)'
        talk | (enter
          '\(Program.path)' generate m.bstk --interactive --ram auto --max-tokens 8; echo "code $?")
        """
      try folder.write(Array(script.utf8), to: "script")
      let run = try await Shell.run("bash '\(folder.file("script"))'")
      #expect(run.output.hasSuffix("code 0\n"), "\(run)")
      for prompt in ["In the beginning", "And God said", "Let there be light"] {
        #expect(run.output.contains("\(prompt) "), "\(run)")
      }
      let lines = run.error.split(separator: "\n")
      func index(_ text: String) -> Int? { lines.firstIndex { $0.contains(text) } }
      #expect(lines.first?.contains("free in this control group, 100 MB kept back") ?? false)
      let dropped = try #require(index("memory is needed elsewhere"), "\(run)")
      #expect(lines[dropped].contains("blocks dropped, now"))
      let taken = try #require(index("memory is free again"), "\(run)")
      #expect(dropped < taken && run.error.contains("100000000"), "\(run)")
      #expect(try group.killCount() == 0)
    }
  }
#endif
