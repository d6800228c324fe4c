import BSTKFormat
import BSTKModelFiles
import BSTKTestSupport
import Foundation
import Testing

@Suite("Hugging Face folders")
struct HuggingFaceFolderTests {
  private let folder: TemporaryFolder
  private let model = RandomModel()

  init() throws { folder = try TemporaryFolder() }

  private func expectModelError(saying message: String) {
    #expect { try HuggingFaceFolder(path: folder.path) } throws: { error in
      guard let error = error as? BSTKError else { return false }
      return error.code == .model && error.message.contains(message)
    }
  }

  private func check(_ opened: HuggingFaceFolder) throws {
    #expect(opened.tensors.map(\.name) == model.tensors.map(\.name))
    #expect(opened.matrices.map(\.name) == RandomModel.matrixNames)
    #expect(opened.auxiliaryFiles == ["config.json", "generation_config.json"])
    for (name, expected) in model.data() {
      var bytes = [UInt8](repeating: 0, count: expected.count)
      var span = bytes.mutableSpan
      try opened.readBytes(of: name, from: 0, into: &span)
      #expect(bytes == expected, "\(name)")
    }
  }

  @Test func `one file`() throws {
    try model.write(to: folder)
    let opened = try HuggingFaceFolder(path: folder.path)
    try check(opened)
    #expect(try opened.auxiliaryBytes("config.json") == Array(model.config.utf8))
  }

  @Test func `shards`() throws {
    let names = model.tensors.map(\.name)
    try model.write(to: folder, shards: [Array(names[3...]), Array(names[..<3])])
    try check(HuggingFaceFolder(path: folder.path))
  }

  @Test func `symbolic links, as in the download cache`() throws {
    try model.write(to: folder)
    let snapshot = try TemporaryFolder()
    for name in try folder.contents() {
      try FileManager.default.createSymbolicLink(
        atPath: snapshot.file(name), withDestinationPath: folder.file(name))
    }
    try check(HuggingFaceFolder(path: snapshot.path))
  }

  @Test func `is a source of weights`() throws {
    try model.write(to: folder)
    let source: any WeightSource = try HuggingFaceFolder(path: folder.path)
    let name = "model.layers.0.mlp.down_proj.weight"
    #expect(source.shape(of: name) == [24, 40])
    #expect(source.shape(of: "lm_head.weight") == nil)
    let bytes = try #require(model.data()[name])
    let values = try source.loadFloats(name)
    #expect(values.count == 960)
    let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[4 * 959 + $1]) << (8 * UInt32($1)) }
    #expect(values[959].bitPattern == bits)
    #expect(throws: BSTKError.self) { try source.loadFloats("lm_head.weight") }
    #expect(throws: BSTKError.self) { try source.loadFloats("model.position_ids") }
  }

  @Test(arguments: [
    "../model.safetensors", "/etc/passwd", "sub/model.safetensors", "model.bin", "",
    #"..\\model.safetensors"#, #"a\u0000.safetensors"#,
  ])
  func `an index cannot lead out of the folder`(_ shard: String) throws {
    try folder.write(Array("{}".utf8), to: "config.json")
    let index = #"{"weight_map":{"a":"\#(shard)"}}"#
    try folder.write(Array(index.utf8), to: "model.safetensors.index.json")
    expectModelError(saying: "no file of the folder")
  }

  @Test func `an index and its shards must agree`() throws {
    let names = model.tensors.map(\.name)
    let path = "model.safetensors.index.json"
    try model.write(to: folder, shards: [Array(names[..<3]), Array(names[3...])])
    let index = String(decoding: try folder.read(path), as: UTF8.self)
    let first = #""\#(names[0])":"model-00001-of-00002.safetensors""#

    let moved = first.replacing("00001-of", with: "00002-of")
    try folder.write(Array(index.replacing(first, with: moved).utf8), to: path)
    expectModelError(saying: "puts it in")

    try folder.write(Array(index.replacing(first + ",", with: "").utf8), to: path)
    expectModelError(saying: "does not list it")

    let extra = first + "," + first.replacing(names[0], with: "lm_head.weight")
    try folder.write(Array(index.replacing(first, with: extra).utf8), to: path)
    expectModelError(saying: "lm_head.weight that its shard does not have")

    try folder.write(Array("[]".utf8), to: path)
    expectModelError(saying: "not an index of shards")
  }

  @Test func `a missing shard is an error of that file`() throws {
    let names = model.tensors.map(\.name)
    try model.write(to: folder, shards: [Array(names[..<3]), Array(names[3...])])
    let shard = folder.file("model-00002-of-00002.safetensors")
    try FileManager.default.removeItem(atPath: shard)
    #expect { try HuggingFaceFolder(path: folder.path) } throws: { error in
      guard let error = error as? BSTKError else { return false }
      return error.code == .io && error.message.contains(shard)
    }
  }

  @Test func `what is no model is refused with a way out`() throws {
    expectModelError(saying: "no config.json")
    try folder.write(Array("{}".utf8), to: "config.json")
    expectModelError(saying: "neither model.safetensors")
    try folder.write([], to: "pytorch_model.bin")
    #expect { try HuggingFaceFolder(path: folder.path) } throws: {
      ($0 as? BSTKError)?.remedy?.contains("as safetensors") == true
    }
    #expect { try HuggingFaceFolder(path: folder.file("missing")) } throws: {
      ($0 as? BSTKError)?.code == .model
    }
  }
}
