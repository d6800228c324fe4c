import BSTKTestSupport
import Foundation
import Testing

/// What is wrong with a model folder.
enum FolderDamage: String, CaseIterable, Sendable {
  case missing, file, empty, noWeights, noConfiguration, emptyWeights, cutWeights, noSafetensors
  case flippedHeader, pickle

  /// Puts the damaged folder into `folder` and returns its path.
  func make(in folder: TemporaryFolder) throws -> String {
    let path = folder.file("model")
    if self == .missing { return path }
    if self == .file { return try folder.write(Array("{}".utf8), to: "model") }
    let manager = FileManager.default
    try manager.createDirectory(atPath: path, withIntermediateDirectories: false)
    if self == .empty { return path }
    if self != .noConfiguration { try folder.write(Array("{}".utf8), to: "model/config.json") }
    let header = Array(
      #"{"model.layers.0.x.weight":{"dtype":"F32","shape":[4,4],"data_offsets":[0,64]}}"#.utf8)
    var weights = [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header
    weights += [UInt8](repeating: 0x3E, count: 64)
    switch self {
    case .noWeights: return path
    case .emptyWeights: weights = []
    case .cutWeights: weights.removeLast()
    case .noSafetensors: weights = Array("version https://git-lfs.github.com/spec/v1\n".utf8)
    case .flippedHeader: weights[20] ^= 0x80
    case .pickle:
      try folder.write(Array("PK".utf8), to: "model/pytorch_model.bin")
      return path
    default: break
    }
    try folder.write(weights, to: "model/model.safetensors")
    return path
  }
}

@Suite("Bad model folders")
struct HostileFolderTests {
  @Test(
    "compress: one clear message, exit code 1 or 2, and nothing under the final name",
    arguments: FolderDamage.allCases)
  func compress(_ damage: FolderDamage) async throws {
    let folder = try TemporaryFolder()
    let model = try damage.make(in: folder)
    let before = try folder.contents()
    let run = try await Program.run(["compress", model, "-o", folder.file("out.bstk")])
    #expect(run.code == 1 || run.code == 2, "\(run)")
    #expect(run.output.isEmpty && run.error.hasPrefix("error["), "\(run)")
    #expect(run.error.components(separatedBy: "error[").count == 2)
    #expect(try folder.contents() == before)
  }

  @Test("compress and export: an output that cannot be written is a failure that names it")
  func unwritable() async throws {
    let folder = try TemporaryFolder()
    try SyntheticModel().write(to: folder.file("m.bstk"))
    let run = try await Program.run(
      ["trim", folder.file("m.bstk"), "-o", folder.file("none/out.bstk")])
    #expect(run.code == 2 && run.error.contains("none/"), "\(run)")
    let export = try await Program.run(
      ["export", folder.file("m.bstk"), "-o", folder.file("none/out")])
    #expect(export.code == 2 && export.error.contains("none"), "\(export)")
  }
}
