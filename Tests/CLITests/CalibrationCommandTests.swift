import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Subprocess
import Testing

@testable import bstk

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

@Suite("bstk calibrate and compress --calibration")
struct CalibrationCommandTests {
  private static let source = BundledModelTests.source
  private static let windows = ["--windows", "3", "--window", "128"]

  @Test("Statistics that were saved give the same file as gathering them")
  func saved() async throws {
    let fixture = try await QualityFixture()
    let statistics = fixture.folder.file("s.safetensors")
    let calibrate = try await Program.run(
      ["calibrate", Self.source, "--text", fixture.calibration, "-o", statistics]
        + ["--threads", "2"] + Self.windows)
    #expect(calibrate.code == 0, "\(calibrate)")
    #expect(calibrate.output.contains("of 17 inputs over 3 windows of 128 tokens"))
    #expect(
      calibrate.output.contains(
        "of 29 outputs, gradients through 3 windows, labels of seed 0"))
    let again = try await Program.run(
      [
        "compress", Self.source, "-o", fixture.folder.file("again.bstk"), "--statistics",
        statistics,
      ]
        + ["--evaluation", fixture.evaluation])
    #expect(again.code == 0, "\(again)")
    #expect(try fixture.folder.read("again.bstk") == fixture.folder.read("m.bstk"))
    #expect(
      try fixture.folder.contents()
        == ["again.bstk", "calibration.txt", "evaluation.txt", "m.bstk", "s.safetensors"])
  }

  @Test("Weighed tokens, the same from any number of threads and of the library's own")
  func weighed() async throws {
    let fixture = try await QualityFixture()
    let outputs = ["a", "b", "c"]
    for (output, threads) in zip(outputs, ["1", "2", "4"]) {
      let run = try await Program.run(
        ["calibrate", Self.source, "--text", fixture.calibration, "--weigh-tokens"] + Self.windows
          + ["-o", fixture.folder.file(output)]
          + (output == "c" ? [] : ["--threads", threads]),
        environment: ["OPENBLAS_NUM_THREADS": threads])
      #expect(run.code == 0, "\(run)")
      #expect(run.output.contains("over 3 windows of 128 tokens, tokens weighed"))
      #expect(run.output.contains("gradients through 3 windows, labels of seed 0"))
    }
    for output in outputs.dropFirst() {
      #expect(try fixture.folder.read(output) == fixture.folder.read("a"))
    }
  }

  @Test("The reference's profile makes sign blocks in its order, the best one planes")
  func orders() async throws {
    let fixture = try await QualityFixture()
    let run = try await Program.run(
      ["compress", Self.source, "-o", fixture.folder.file("r.bstk"), "--profile", "reference"]
        + ["--levels", "2", "--rank", "1", "--order", "reference"]
        + ["--calibration-windows", "2", "--calibration-window", "32"]
        + ["--calibration", fixture.calibration])
    #expect(run.code == 0, "\(run)")
    let manifest = try ModelFile(fixture.folder.file("r.bstk")).manifest
    let provenance = try #require(manifest.extensions.provenance)
    for line in ["rank=1", "order=reference"] { #expect(provenance.contains(line)) }
    #expect(manifest.matrices.allSatisfy { $0.kind == .signBlocks })
    let best = try ModelFile(fixture.model).manifest
    let made = try #require(best.extensions.provenance)
    for line in ["profile=best", "calibration=3 windows of 128"] { #expect(made.contains(line)) }
    #expect(best.matrices.allSatisfy { $0.kind == .nestedPlanes })
  }

  @Test(
    "Bad input: one clear message, an exit code that tells, and no output",
    arguments: [
      (["calibrate", source, "--text", "missing.txt"], 2, "error[IO]"),
      (["calibrate", source, "--text", "short.txt"], 1, "error[MODEL]"),
      (["calibrate", ".", "--text", "short.txt"], 1, "error[MODEL]"),
      (["calibrate", source, "--text", "calibration.txt", "--windows", "0"], 64, "--windows"),
      (["calibrate", source, "--text", "calibration.txt", "--window", "1"], 64, "--window"),
      (
        ["calibrate", source, "--text", "calibration.txt", "--gradient-windows", "0"], 64,
        "--gradient-windows"
      ),
      (["calibrate", source, "--text", "calibration.txt", "--threads", "0"], 64, "--threads"),
      (["calibrate", source, "--text", "calibration.txt", "--second-moments"], 64, "Unknown"),
      (["compress", source, "--statistics", "m.bstk"], 1, "error["),
      (["compress", source, "--statistics", "missing"], 2, "error[IO]"),
      (["compress", source, "--evaluation", "short.txt"], 1, "error[MODEL]"),
      (["compress", source, "--evaluation", "missing.txt"], 2, "error[IO]"),
      (["compress", source, "--rank", "4"], 64, "--rank belongs to --profile reference"),
      (["compress", source, "--vectors", "int8"], 64, "--vectors belongs to"),
      (["compress", source, "--seed", "0"], 64, "--seed belongs to"),
      (["compress", source, "--order", "worth"], 64, "--order belongs to"),
      (["compress", source, "--levels", "9"], 1, "error[LIMIT]"),
      (["compress", source, "--levels", "0"], 1, "error[LIMIT]"),
      (["compress", source, "--gain", "1"], 64, "Unknown"),
      (
        ["compress", source, "--profile", "reference", "--statistics", "m.bstk"], 64,
        "--calibration"
      ),
      (
        ["compress", source, "--profile", "reference", "--evaluation", "short.txt"], 64,
        "--calibration"
      ),
      (["compress", source, "--calibration", "missing.txt"], 2, "error[IO]"),
      (["compress", source, "--calibration", "short.txt"], 1, "error[MODEL]"),
      (
        ["compress", source, "--calibration", "calibration.txt", "--statistics", "m.bstk"], 1,
        "error["
      ),
      (
        ["compress", source, "--calibration", "calibration.txt", "--evaluation", "short.txt"]
          + QualityFixture.options, 1, "error[MODEL]"
      ),
      (["compress", source, "--calibration", "a", "--order", "random"], 64, "--order"),
      (["compress", source, "--calibration", "a", "--profile", "none"], 64, "--profile"),
      (["import", source], 1, "error[MODEL]"), (["import", "missing"], 1, "error[MODEL]"),
    ] as [([String], Int32, String)])
  func refusals(_ arguments: [String], _ code: Int32, _ message: String) async throws {
    let fixture = try await QualityFixture()
    try fixture.folder.write(Array("Too short.".utf8), to: "short.txt")
    let before = try fixture.folder.contents()
    let run = try await Program.run(arguments + ["-o", "out"], in: fixture.folder.path)
    #expect(run.code == code && run.output.isEmpty, "\(arguments): \(run)")
    #expect(run.error.contains(message), "\(arguments): \(run)")
    #expect(try fixture.folder.contents() == before)
  }

  @Test("A file's name becomes a label that an index can hold")
  func label() {
    #expect(CalibrationOptions.label("a\u{7}b\nü.txt") == "a b ü.txt")
    let long = CalibrationOptions.label(String(repeating: "ü", count: 127))
    #expect(long == String(repeating: "ü", count: 64))
  }

  @Test(
    "Ctrl-C ends a compression with everything cleared away",
    arguments: ["calibrating", "compressing", "reference"])
  func interrupted(_ stage: String) async throws {
    let fixture = try await QualityFixture()
    var options = ["--calibration", fixture.calibration]
    if stage == "compressing" {
      let statistics = fixture.folder.file("s.safetensors")
      let run = try await Program.run(
        ["calibrate", Self.source, "--text", fixture.calibration, "-o", statistics] + Self.windows)
      #expect(run.code == 0, "\(run)")
      options = ["--statistics", statistics]
    } else if stage == "reference" {
      options += ["--profile", "reference", "--levels", "16"]
    }
    let before = try fixture.folder.contents()
    let result = try await Subprocess.run(
      .path(FilePath(Program.path)),
      arguments: Arguments(
        ["compress", Self.source, "-o", fixture.folder.file("out.bstk")] + options),
      input: .none, output: .discarded, error: .string(limit: 1 << 16)
    ) { process in
      // As soon as the draft's spool is there.
      for _ in 0..<3_000 where try fixture.folder.contents().count == before.count {
        try await Task.sleep(for: .milliseconds(10))
      }
      try process.send(signal: .interrupt)
    }
    #expect(result.terminationStatus == .exited(2))
    #expect(result.standardError.contains("error[CANCELLED]"))
    #expect(try fixture.folder.contents() == before)
  }
}
