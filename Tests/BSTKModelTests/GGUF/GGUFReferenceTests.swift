import BSTKModelFiles
import BSTKFormat
import BSTKNumerics
import BSTKTestSupport
import Foundation
import Testing

@Suite("GGUF: elements against the gguf package")
struct GGUFReferenceTests {
  /// Made by `Scripts/make_reference_gguf.py`.
  private static let folder = ModelFolders.references.deletingLastPathComponent()
    .appending(path: "ReferenceGGUF")

  private static func check(_ folder: URL) throws {
    let file = try GGUFFile(path: folder.appending(path: "types.gguf").path)
    let golden = try GoldenFile(folder.appending(path: "types.safetensors"))
    #expect(file.tensors.map(\.name) == ReferenceTypes.order)
    #expect(file.value("general.architecture")?.text == "llama")
    for tensor in file.tensors {
      #expect(tensor.type.name == tensor.name)
      #expect(tensor.shape == [3, 256])
      let expected = try golden.floats(tensor.name)
      #expect(try read(tensor, 0..<768, of: file) == expected.map(\.bitPattern), "\(tensor.name)")
      for range in [256..<512, 5..<6, 31..<33, 250..<700, 767..<768, 300..<300] {
        #expect(
          try read(tensor, range, of: file) == expected[range].map(\.bitPattern),
          "\(tensor.name) \(range)")
      }
    }
    let input = try golden.floats("input")
    #expect(
      GGUFBlocks.encode(input.span, as: .q8_0) == (try golden.bytes("Q8_0.encoded")))
    #expect(
      GGUFBlocks.encode(input.span, as: .q4_0) == (try golden.bytes("Q4_0.encoded")))
  }

  private static func read(
    _ tensor: GGUFTensor, _ range: Range<Int>, of file: GGUFFile
  ) throws -> [UInt32] {
    var floats = [Float](repeating: .nan, count: range.count)
    var span = floats.mutableSpan
    try file.readFloats(of: tensor, from: range.lowerBound, into: &span)
    return floats.map(\.bitPattern)
  }

  @Test func `every type and every row range, bit for bit`() throws {
    try Self.check(Self.folder)
  }

  @Test func `the same of values made now`() async throws {
    guard let python = await PythonPeer.having("gguf", "numpy", "safetensors") else { return }
    let folder = try TemporaryFolder()
    let seed = Int.random(in: 0..<1_000_000)
    print("blocks made with seed \(seed)")
    let script = try String(
      contentsOf: ModelFolders.package.appending(
        path: "Tests/BSTKModelTests/Scripts/make_reference_gguf.py"), encoding: .utf8)
    _ = try await python.run(script, folder.path, "\(seed)")
    try Self.check(URL(filePath: folder.path))
  }
}

/// The tensors of the reference file.
enum ReferenceTypes {
  static let order = [
    "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "F32", "F16", "BF16",
  ]
}

extension GoldenFile {
  func bytes(_ name: String) throws -> [UInt8] {
    let tensor = try #require(file.tensor(named: name))
    var bytes = [UInt8](repeating: 0, count: tensor.description.byteCount)
    var span = bytes.mutableSpan
    try file.readBytes(of: tensor, from: 0, into: &span)
    return bytes
  }
}
