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
        wait_for() { for i in {1..600}; do grep -q "$1" "$2" && return; sleep 0.1; done; }
        hold() { head -c 100000000 /dev/zero; wait_for 'And God said.' out; }
        talk() {
          echo "In the beginning"; wait_for 'In the beginning.' out
          (enter; hold | tail -c 100000000 | wc -c > held) &
          wait_for 'needed elsewhere' errors; echo "And God said"; wait $!
          wait_for 'free again' errors; echo "Let there be light"
        }
        cd '\(folder.path)'; touch out errors
        talk | (enter
          '\(Program.path)' generate m.bstk --interactive --ram auto --max-tokens 8 > out 2> errors
          echo "code $?")
        cat out held; cat errors >&2
        """
      try folder.write(Array(script.utf8), to: "script")
      let run = try await Shell.run("bash '\(folder.file("script"))'")
      let answers = run.output.split(separator: "\n")
      #expect(answers.first == "code 0" && answers.last == "100000000", "\(run)")
      for prompt in ["In the beginning", "And God said", "Let there be light"] {
        #expect(answers.contains { $0.hasPrefix(prompt) && $0.count > prompt.count }, "\(run)")
      }
      let lines = run.error.split(separator: "\n")
      func index(_ text: String) -> Int? { lines.firstIndex { $0.contains(text) } }
      #expect(lines.first?.contains("free in this control group, 100 MB kept back") ?? false)
      let dropped = try #require(index("memory is needed elsewhere"), "\(run)")
      #expect(lines[dropped].contains("blocks dropped, now"))
      let taken = try #require(index("memory is free again"), "\(run)")
      #expect(dropped < taken, "\(run)")
      #expect(try group.killCount() == 0)
    }
  }
#endif
