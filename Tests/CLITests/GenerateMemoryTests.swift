#if os(Linux)
  import BSTKFormat
  import BSTKModelFiles
  import BSTKTestSupport
  import Foundation
  import Testing

  @Suite("Memory of bstk generate")
  struct GenerateMemoryTests {
    private let folder: TemporaryFolder
    private let model: String
    private let manifest: Manifest

    init() throws {
      folder = try TemporaryFolder()
      model = folder.file("m.bstk")
      let tokenizer = try HuggingFaceFolder(path: BundledModelTests.source)
        .auxiliaryBytes("tokenizer.json")
      manifest = try PlaneModel().write(to: model, tokenizer: tokenizer)
    }

    /// What `/proc` says of a running process, in KiB.
    private static let reading = """
      field() { awk -v name="$1:" '$1 == name { print $2 }' /proc/$P_PID/status; }
      """

    @Test("Growing and shrinking: memory follows, and the conversation goes on")
    func resizing() async throws {
      let base = manifest.cut(afterChunks: manifest.baseChunkCount)
      let whole = manifest.cut(afterChunks: manifest.chunks.count)
      let difference = Int(whole.residentByteCount - base.residentByteCount)
      let run = try await Shell.run(
        """
        \(Self.reading)
        coproc P { exec '\(Program.path)' generate '\(model)' --interactive --max-tokens 4 2>/dev/null; }
        exec 3<&${P[0]} 4>&${P[1]}
        for budget in '' \(base.fileByteCount)B \(whole.fileByteCount)B \(base.fileByteCount)B; do
          [ -n "$budget" ] && echo "/budget $budget" >&4
          [ -n "$budget" ] && sleep 1 && field VmRSS
          echo "In the beginning" >&4
          read -r line <&3 && [ "${line#In the beginning}" != "$line" ] && field VmRSS
        done
        echo "/quit" >&4
        wait $P_PID; echo "code $?"
        """)
      let lines = run.output.split(separator: "\n").map(String.init)
      let readings = lines.compactMap { Int($0).map { $0 * 1024 } }
      try #require(readings.count == 7 && lines.last == "code 0", "\(run)")
      for (larger, smaller) in [(0, 1), (4, 5), (4, 6)] {
        #expect(readings[larger] - readings[smaller] >= difference * 9 / 10, "\(readings)")
      }
      #expect(abs(readings[4] - readings[0]) <= difference / 10, "\(readings)")
    }

    @Test("The peak is what is said before loading", arguments: [0, 3, 7])
    func peak(_ levels: Int) async throws {
      let blocks = manifest.chunks.count - manifest.baseChunkCount
      let cut = manifest.cut(afterChunks: manifest.baseChunkCount + blocks * levels / 7)
      let prompt = String(repeating: "In the beginning. ", count: 100)
      let run = try await Shell.run(
        """
        \(Self.reading)
        coproc P { exec '\(Program.path)' generate '\(model)' '\(prompt)' --interactive \
        --max-tokens 20 --ram \(cut.residentByteCount)B 2>'\(folder.file("said"))'; }
        exec 3<&${P[0]} 4>&${P[1]}
        read -r line <&3
        field VmHWM
        echo "/quit" >&4
        """)
      let peak = try #require(Int(run.output.split(separator: "\n").last ?? "")) * 1024
      let said = try String(decoding: folder.read("said"), as: UTF8.self)
      let pattern = /weights (?<weights>[0-9.]+) MB, cache (?<cache>[0-9.]+) MB, at most 64 MiB/
      let numbers = try #require(said.firstMatch(of: pattern), "\(said)")
      let weights = try #require(Double(numbers.weights)) * 1e6
      let cache = try #require(Double(numbers.cache)) * 1e6
      #expect(abs(weights / Double(cut.residentByteCount) - 1) < 0.01)
      #expect(Double(peak) <= weights + cache + Double(64 << 20), "\(peak), \(said)")
      #expect(Double(peak) > weights)
    }
  }
#endif
