import BSTKTestSupport
import Foundation
import Testing

/// The bundled model, compressed once with a calibration on a small text, and such texts.
struct QualityFixture {
  let folder: TemporaryFolder
  /// The compressed model.
  let model: String
  /// A few thousand characters to calibrate on.
  let calibration: String
  /// A few thousand characters to measure on.
  let evaluation: String

  /// What ``model`` was compressed with, besides its input and output.
  static let options = ["--calibration-windows", "3", "--calibration-window", "128"]

  /// The compressed model's bytes and what the command printed.
  private static let compressed = Task {
    let folder = try TemporaryFolder()
    let texts = try Self.makeTexts(in: folder)
    let run = try await Program.run(
      ["compress", BundledModelTests.source, "-o", folder.file("m.bstk"), "--json"] + options
        + ["--calibration", texts.calibration, "--evaluation", texts.evaluation])
    #expect(run.code == 0, "\(run)")
    #expect(try folder.contents() == ["calibration.txt", "evaluation.txt", "m.bstk"])
    return try folder.read("m.bstk")
  }

  private static func makeTexts(
    in folder: TemporaryFolder
  ) throws -> (calibration: String, evaluation: String) {
    func text(_ name: String, as output: String) throws -> String {
      let whole = try String(contentsOfFile: "\(BundledModelTests.source)/\(name)", encoding: .utf8)
      return try folder.write(Array(whole.prefix(6_000).utf8), to: output)
    }
    return (
      try text("calibration.txt", as: "calibration.txt"),
      try text("eval.txt", as: "evaluation.txt")
    )
  }

  init() async throws {
    folder = try TemporaryFolder()
    model = try await folder.write(Self.compressed.value, to: "m.bstk")
    (calibration, evaluation) = try Self.makeTexts(in: folder)
  }
}
