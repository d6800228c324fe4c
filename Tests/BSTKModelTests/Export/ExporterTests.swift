import BSTKCompression
import BSTKFormat
import BSTKModelFiles
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@Suite("Export")
struct ExporterTests {
  private let folder: TemporaryFolder
  private let output: TemporaryFolder
  private let source: HuggingFaceFolder
  private let model = RandomModel()
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    output = try TemporaryFolder()
    try model.write(to: folder)
    source = try HuggingFaceFolder(path: folder.path)
    path = output.file("m.bstk")
    var options = CompressionOptions()
    options.levelCount = 4
    options.rank = 2
    try Compressor(options: options).compress(source, to: path)
  }

  private func bytes(_ folder: HuggingFaceFolder, _ name: String) throws -> [UInt8] {
    let tensor = try #require(folder.tensor(named: name))
    var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
    var span = bytes.mutableSpan
    try folder.readBytes(of: name, from: 0, into: &span)
    return bytes
  }

  private func isMatrix(_ name: String) -> Bool { RandomModel.matrixNames.contains(name) }

  @Test func `everything but the matrices comes back byte for byte`() throws {
    try Exporter().export(BSTKWeights(ModelFile(path)), to: output.file("out"))
    let exported = try HuggingFaceFolder(path: output.file("out"))
    #expect(exported.tensors == source.tensors)
    #expect(exported.auxiliaryFiles == source.auxiliaryFiles)
    for name in source.auxiliaryFiles {
      #expect(try exported.auxiliaryBytes(name) == source.auxiliaryBytes(name))
    }
    for tensor in source.tensors where !isMatrix(tensor.name) {
      #expect(try bytes(exported, tensor.name) == bytes(source, tensor.name))
    }
    #expect(try output.contents() == ["m.bstk", "out"])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: output.file("out")).sorted()
        == ["config.json", "generation_config.json", "model.safetensors"])
  }

  @Test func `weights read from the file are those of the exported folder`() throws {
    let weights = try BSTKWeights(ModelFile(path))
    var options = ExportOptions()
    options.elementType = .f32
    try Exporter(options: options).export(weights, to: output.file("out"))
    let exported = try HuggingFaceFolder(path: output.file("out"))
    for tensor in source.tensors {
      #expect(weights.shape(of: tensor.name) == tensor.shape)
      guard tensor.type.isFloatingPoint else {
        #expect(throws: BSTKError.self) { try weights.loadFloats(tensor.name) }
        continue
      }
      let floats = try weights.loadFloats(tensor.name)
      #expect(try floats == exported.loadFloats(tensor.name))
      if !isMatrix(tensor.name) {
        #expect(try floats == source.loadFloats(tensor.name))
      }
    }
    #expect(weights.shape(of: "absent") == nil)
    #expect(throws: BSTKError.self) { try weights.loadFloats("absent") }
  }

  @Test func `the error of no matrix rises from cut to cut`() throws {
    let file = try ModelFile(path)
    var last: [Double] = []
    for count in file.manifest.baseChunkCount...file.chunkCount {
      let weights = try BSTKWeights(file, chunkCount: count)
      let errors = try RelativeErrors(of: weights, against: source)
      #expect(
        errors.matrices.map(\.levelCount).reduce(0, +) == file.manifest.blockCount(ofChunks: count))
      let values = errors.matrices.map(\.relativeError)
      if !last.isEmpty { #expect(zip(values, last).allSatisfy(<=)) }
      last = values
    }
    #expect(last.allSatisfy { $0 < 0.25 })
  }

  @Test func `a truncated copy is the model of its whole chunks`() throws {
    let whole = try ModelFile(path)
    let bytes = try output.read("m.bstk")
    let base = Int(whole.manifest.header.baseEnd)
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for number in 0..<6 {
      let count = number == 0 ? base : Int.random(in: base..<bytes.count, using: &generator)
      let copy = try output.write(Array(bytes.prefix(count)), to: "cut.bstk")
      let name = output.file("cut-\(number)")
      try Exporter().export(BSTKWeights(ModelFile(copy)), to: name)
      let cut = try BSTKWeights(
        whole, chunkCount: whole.manifest.chunkCount(inBytes: UInt64(count)))
      let exported = try HuggingFaceFolder(path: name)
      let matrix = RandomModel.matrixNames[0]
      #expect(try exported.loadFloats(matrix) == cut.loadFloats(matrix), "seed \(seed)")
    }
    let short = try output.write(Array(bytes.prefix(base - 1)), to: "short.bstk")
    #expect { try BSTKWeights(ModelFile(short)) } throws: {
      ($0 as? BSTKError)?.code == .tooShort
    }
    let long = try output.write(bytes + [0], to: "long.bstk")
    #expect { try BSTKWeights(ModelFile(long)) } throws: {
      ($0 as? BSTKError)?.code == .overlong
    }
  }

  @Test func `cuts that are none are refused`() throws {
    let file = try ModelFile(path)
    #expect { try BSTKWeights(file, chunkCount: file.manifest.baseChunkCount - 1) } throws: {
      ($0 as? BSTKError)?.code == .budget
    }
    #expect { try BSTKWeights(file, chunkCount: file.chunkCount + 1) } throws: {
      ($0 as? BSTKError)?.code == .tooShort
    }
  }

  @Test func `a damaged block leaves no folder behind`() throws {
    var bytes = try output.read("m.bstk")
    bytes[bytes.count - 1] ^= 1
    let damaged = try output.write(bytes, to: "damaged.bstk")
    #expect {
      try Exporter().export(BSTKWeights(ModelFile(damaged)), to: output.file("out"))
    } throws: {
      ($0 as? BSTKError)?.code == .chunkHash
    }
    #expect(try output.contents() == ["damaged.bstk", "m.bstk"])
  }

  @Test(arguments: [ElementType.f32, .f16, .bf16])
  func `a type that is asked for`(_ type: ElementType) throws {
    var options = ExportOptions()
    options.elementType = type
    try Exporter(options: options).export(BSTKWeights(ModelFile(path)), to: output.file("out"))
    let exported = try HuggingFaceFolder(path: output.file("out"))
    for tensor in exported.tensors {
      let original = try #require(source.tensor(named: tensor.name))
      #expect(tensor.type == (original.type.isFloatingPoint ? type : original.type))
      guard original.type.isFloatingPoint, !isMatrix(tensor.name) else { continue }
      // One rounding is at most half a unit in the last place: 2^-8 of the value for bf16.
      for (new, old) in zip(
        try exported.loadFloats(tensor.name), try source.loadFloats(tensor.name))
      {
        #expect(abs(new - old) <= abs(old) / 256)
      }
    }
    let names: [ElementType: String] = [.f32: "float32", .f16: "float16", .bf16: "bfloat16"]
    let name = try #require(names[type])
    #expect(
      try exported.auxiliaryBytes("config.json")
        == Array(model.config.replacing("bfloat16", with: name).utf8))
  }

  @Test func `values beyond fp16 are refused, not made infinite`() throws {
    var large = RandomModel()
    large.tensors = [
      .init(name: "model.layers.0.mlp.up_proj.weight", type: .bf16, shape: [8, 8]),
      .init(name: "model.norm.weight", type: .f32, shape: [4]),
    ]
    try large.write(to: folder)
    var bytes = try folder.read("model.safetensors")
    let tensor = try #require(
      SafetensorsFile(path: folder.file("model.safetensors")).tensor(named: "model.norm.weight"))
    let bits = Float(70_000).bitPattern
    for byte in 0..<4 {
      bytes[tensor.fileOffset + byte] = UInt8(truncatingIfNeeded: bits >> UInt32(8 * byte))
    }
    try folder.write(bytes, to: "model.safetensors")
    try Compressor(options: CompressionOptions()).compress(
      HuggingFaceFolder(path: folder.path), to: path)
    var options = ExportOptions()
    options.elementType = .f16
    #expect {
      try Exporter(options: options).export(BSTKWeights(ModelFile(path)), to: output.file("out"))
    } throws: { error in
      guard let error = error as? BSTKError else { return false }
      return error.code == .float && error.message.contains("model.norm.weight")
    }
    #expect(try output.contents() == ["m.bstk"])
  }

  @Test func `large models come in shards`() throws {
    var options = ExportOptions()
    options.shardByteCount = 3000
    try Exporter(options: options).export(BSTKWeights(ModelFile(path)), to: output.file("out"))
    let names = try FileManager.default.contentsOfDirectory(atPath: output.file("out"))
    let shards = names.filter { $0.hasSuffix(".safetensors") }.sorted()
    #expect(shards.first == "model-00001-of-0000\(shards.count).safetensors")
    #expect(shards.count > 2)
    let exported = try HuggingFaceFolder(path: output.file("out"))
    #expect(exported.tensors == source.tensors)
  }

  @Test(arguments: [0, 3])
  func `cancelling leaves nothing behind`(_ questions: Int) throws {
    var asked = 0
    #expect {
      try Exporter().export(
        BSTKWeights(ModelFile(path)), to: output.file("out"),
        isCancelled: {
          asked += 1
          return asked > questions
        })
    } throws: {
      ($0 as? BSTKError)?.code == .cancelled
    }
    #expect(try output.contents() == ["m.bstk"])
  }

  @Test func `an integer type is refused`() {
    var options = ExportOptions()
    options.elementType = .i8
    #expect { try Exporter(options: options) } throws: {
      ($0 as? BSTKError)?.code == .modelUnsupported
    }
  }
}
