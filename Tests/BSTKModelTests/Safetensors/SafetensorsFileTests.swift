import BSTKFormat
import BSTKModelFiles
import BSTKTestSupport
import Testing

@Suite("Safetensors: reading")
struct SafetensorsFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
    try SafetensorsFile(path: folder.write(bytes, to: "m.safetensors"))
  }

  private func floats(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
    let tensor = try #require(file.tensor(named: name))
    var values = [Float](repeating: .nan, count: tensor.description.elementCount)
    var span = values.mutableSpan
    try file.readFloats(of: tensor, from: 0, into: &span)
    return values
  }

  @Test func `reads what numpy wrote`() throws {
    let file = try open(PythonSafetensors.mixed)
    #expect(file.metadata == ["format": "pt"])
    #expect(file.tensors.map(\.name) == ["i", "s", "b", "h", "flag"])
    #expect(file.tensor(named: "b")?.description.shape == [2, 3])
    #expect(file.tensor(named: "s")?.description.shape == [])
    #expect(try floats(file, "b") == [0.25, 0.5, 0.75, 1, 1.25, 1.5])
    #expect(try floats(file, "s") == [2.5])
    let half = try floats(file, "h")
    #expect(half == [1.5, 0, 65504, 0x1p-24])
    #expect(half[1].sign == .minus)
    #expect(file.tensor(named: "absent") == nil)
  }

  @Test func `reads what torch wrote`() throws {
    let file = try open(PythonSafetensors.brain)
    #expect(file.metadata.isEmpty)
    #expect(try floats(file, "w") == [1, -2.5, 3.140625, 0x1.94p99])
    #expect(try floats(file, "empty") == [])
  }

  @Test func `reads a part of a tensor`() throws {
    let file = try open(PythonSafetensors.mixed)
    let tensor = try #require(file.tensor(named: "b"))
    var row = [Float](repeating: 0, count: 3)
    var span = row.mutableSpan
    try file.readFloats(of: tensor, from: 3, into: &span)
    #expect(row == [1, 1.25, 1.5])
    let integers = try #require(file.tensor(named: "i"))
    var bytes = [UInt8](repeating: 0, count: 8)
    var target = bytes.mutableSpan
    try file.readBytes(of: integers, from: 8, into: &target)
    #expect(bytes == [0, 0, 0, 0, 0, 1, 0, 0])
  }

  @Test func `refuses to read integers as floats`() throws {
    let file = try open(PythonSafetensors.mixed)
    #expect { try floats(file, "i") } throws: {
      ($0 as? BSTKError)?.code == .modelUnsupported
    }
  }

  @Test func `reads tensors larger than its scratch buffer`() throws {
    let count = 700_001
    var bytes: [UInt8] = []
    for index in 0..<count {
      let bits = Float(index % 251).bitPattern >> 16
      bytes += [UInt8(bits & 0xFF), UInt8(bits >> 8)]
    }
    let json = #"{"w":{"dtype":"BF16","shape":[\#(count)],"data_offsets":[0,\#(2 * count)]}}"#
    let file = try open(RawSafetensors(json, data: bytes).bytes)
    let tensor = try #require(file.tensor(named: "w"))
    var values = [Float](repeating: .nan, count: count - 3)
    var span = values.mutableSpan
    try file.readFloats(of: tensor, from: 2, into: &span)
    #expect(values == (2..<(count - 1)).map { Float($0 % 251) })
  }

  @Test func `every truncation is refused`() throws {
    let whole = PythonSafetensors.mixed
    for count in 0..<whole.count {
      #expect(throws: BSTKError.self, "first \(count) bytes") {
        try open(Array(whole.prefix(count)))
      }
    }
    #expect(throws: BSTKError.self) { try open(whole + [0]) }
  }

  @Test func `a folder, a missing file and a pipe are refused by name`() throws {
    for path in [folder.path, folder.file("missing")] {
      #expect { try SafetensorsFile(path: path) } throws: { error in
        guard let error = error as? BSTKError else { return false }
        return error.code == .io && error.message.contains(path)
      }
    }
  }
}
