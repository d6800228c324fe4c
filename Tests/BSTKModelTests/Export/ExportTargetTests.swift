import BSTKFormat
import BSTKModelFiles
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@Suite("Export: where the folder goes")
struct ExportTargetTests {
  private let output: TemporaryFolder
  private let weights: BSTKWeights

  init() throws {
    output = try TemporaryFolder()
    let model = SyntheticModel()
    try model.write(to: output.file("m.bstk"))
    weights = try BSTKWeights(ModelFile(output.file("m.bstk")))
  }

  private func export(to name: String, replacing: Bool = false) throws {
    var options = ExportOptions()
    options.replacesExisting = replacing
    try Exporter(options: options).export(weights, to: output.file(name))
  }

  private func makeFolder(_ name: String, file: String? = nil) throws {
    try FileManager.default.createDirectory(
      atPath: output.file(name), withIntermediateDirectories: false)
    if let file { try output.write([1], to: "\(name)/\(file)") }
  }

  private func expectExists(_ name: String, replacing: Bool = false) {
    #expect { try export(to: name, replacing: replacing) } throws: {
      ($0 as? BSTKError)?.code == .exists
    }
  }

  @Test(arguments: ["out", "out/", "out//"])
  func `an empty folder is filled`(_ name: String) throws {
    try makeFolder("out")
    try export(to: name)
    #expect(try HuggingFaceFolder(path: output.file("out")).tensors.count == 4)
    #expect(try output.contents() == ["m.bstk", "out"])
  }

  @Test func `what is there stays there`() throws {
    try makeFolder("out", file: "config.json")
    expectExists("out")
    #expect(try output.read("out/config.json") == [1])
    try output.write([2], to: "file")
    expectExists("file")
    expectExists("file", replacing: true)
    #expect(try output.read("file") == [2])
    #expect(try output.contents() == ["file", "m.bstk", "out"])
  }

  @Test func `a model's folder is replaced when that is wanted`() throws {
    try makeFolder("out", file: "config.json")
    try output.write([1], to: "out/old.safetensors")
    try export(to: "out", replacing: true)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: output.file("out")).sorted()
        == ["config.json", "model.safetensors"])
    #expect(try output.contents() == ["m.bstk", "out"])
  }

  @Test func `a folder of something else is never replaced`() throws {
    try makeFolder("out", file: "thesis.tex")
    expectExists("out", replacing: true)
    #expect(try output.read("out/thesis.tex") == [1])
  }

  @Test(arguments: [true, false])
  func `a symbolic link is never followed`(_ replacing: Bool) throws {
    try makeFolder("target")
    try FileManager.default.createSymbolicLink(
      atPath: output.file("link"), withDestinationPath: output.file("target"))
    expectExists("link", replacing: replacing)
    #expect(try FileManager.default.contentsOfDirectory(atPath: output.file("target")) == [])
  }

  @Test func `a missing parent is an error of that path`() throws {
    #expect { try export(to: "no/where") } throws: { error in
      guard let error = error as? BSTKError else { return false }
      return error.code == .io && error.message.contains("no")
    }
  }

  @Test func `auxiliary files keep their folders`() throws {
    var model = SyntheticModel()
    model.auxiliary.append(("sub/notes.txt", [7]))
    try model.write(to: output.file("sub.bstk"))
    try Exporter().export(BSTKWeights(ModelFile(output.file("sub.bstk"))), to: output.file("out"))
    #expect(try output.read("out/sub/notes.txt") == [7])
  }

  @Test func `a file without a configuration is refused`() throws {
    var model = SyntheticModel()
    model.auxiliary = []
    try model.write(to: output.file("bare.bstk"))
    #expect {
      try Exporter().export(
        BSTKWeights(ModelFile(output.file("bare.bstk"))), to: output.file("out"))
    } throws: {
      ($0 as? BSTKError)?.code == .model
    }
  }
}
