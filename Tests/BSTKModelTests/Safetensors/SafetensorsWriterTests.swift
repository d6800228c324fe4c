import BSTKFormat
import BSTKModelFiles
import BSTKTestSupport
import Testing

@Suite("Safetensors: writing")
struct SafetensorsWriterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func tensors() throws -> [TensorDescription] {
    [
      try TensorDescription(name: "flag", type: .bool, shape: [3]),
      try TensorDescription(name: "b", type: .bf16, shape: [2, 5]),
      try TensorDescription(name: "a", type: .bf16, shape: [4]),
      try TensorDescription(name: "x", type: .f32, shape: []),
      try TensorDescription(name: "none", type: .f32, shape: [0, 7]),
    ]
  }

  /// Byte `index` of a tensor, different from tensor to tensor.
  private static func byte(_ index: Int, of tensor: TensorDescription) -> UInt8 {
    UInt8(truncatingIfNeeded: index &* 7 &+ tensor.name.utf8.count)
  }

  private func write(_ name: String, pieceByteCount: Int) throws {
    var writer = try SafetensorsWriter(path: folder.file(name), tensors: Self.tensors())
    var bytes: [UInt8] = []
    for tensor in writer.tensors {
      bytes += (0..<tensor.byteCount).map { Self.byte($0, of: tensor) }
    }
    for start in stride(from: 0, to: bytes.count, by: pieceByteCount) {
      let end = min(start + pieceByteCount, bytes.count)
      try writer.append(bytes.span.extracting(start..<end))
    }
    try writer.finish()
  }

  @Test func `reads back what was written, whatever the pieces`() throws {
    try write("one", pieceByteCount: 1000)
    try write("two", pieceByteCount: 3)
    #expect(try folder.read("one") == folder.read("two"))
    #expect(try folder.contents() == ["one", "two"])
    let file = try SafetensorsFile(path: folder.file("one"))
    #expect(file.metadata == ["format": "pt"])
    #expect(file.tensors.map(\.name) == ["none", "x", "a", "b", "flag"])
    for tensor in file.tensors {
      #expect(tensor.fileOffset % tensor.description.type.byteCount == 0)
      var bytes = [UInt8](repeating: 0, count: tensor.description.byteCount)
      var span = bytes.mutableSpan
      try file.readBytes(of: tensor, from: 0, into: &span)
      #expect(bytes == bytes.indices.map { Self.byte($0, of: tensor.description) })
    }
  }

  @Test func `a dropped writer leaves nothing behind`() throws {
    do {
      var writer = try SafetensorsWriter(path: folder.file("m"), tensors: Self.tensors())
      try writer.append([1, 2, 3].span)
    }
    #expect(try folder.contents() == [])
  }

  @Test func `names that come twice are refused`() throws {
    let tensor = try TensorDescription(name: "a", type: .f32, shape: [1])
    #expect {
      _ = try SafetensorsWriter(path: folder.file("m"), tensors: [tensor, tensor])
    } throws: {
      ($0 as? BSTKError)?.code == .safetensors
    }
    #expect(try folder.contents() == [])
  }

  @Test(arguments: [[-1], [Int.max, 2], [Int.max]])
  func `impossible shapes are refused`(_ shape: [Int]) {
    #expect { try TensorDescription(name: "a", type: .f32, shape: shape) } throws: {
      ($0 as? BSTKError)?.code == .shape
    }
  }
}
