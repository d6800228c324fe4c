import BSTKFormat
import BSTKModelFiles
import BSTKTestSupport
import Testing

/// A malformed file and what must be said about it.
struct HostileSafetensors: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let file: RawSafetensors
  let code: BSTKError.Code
  let message: String

  init(
    _ name: String, _ json: String, data: Int = 0, length: UInt64? = nil,
    code: BSTKError.Code = .safetensors, says message: String
  ) {
    testDescription = name
    file = RawSafetensors(json, data: [UInt8](repeating: 0, count: data), length: length)
    self.code = code
    self.message = message
  }

  static func tensor(_ type: String, _ shape: String, _ offsets: String) -> String {
    #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  static let good = tensor("F32", "[2]", "[0,8]")

  static let all: [HostileSafetensors] = [
    .init("length 2^64-1", "{}", length: .max, says: "limit"),
    .init("length above 100 MB", "{}", length: 100_000_001, says: "limit"),
    .init("length above the file", "{}", length: 3, says: "more than the file"),
    .init("empty header", "", says: "begin with {"),
    .init("leading space", " {}", says: "begin with {"),
    .init("an array", "[]", says: "begin with {"),
    .init("not closed", #"{"a":"#, says: "ends in the middle"),
    .init("string not closed", #"{"a"#, says: "ends in the middle"),
    .init("closed twice", "{}}", says: "ends in the middle"),
    .init("two objects", "{}{}", says: "JSON"),
    .init("deeply nested", #"{"a":[[[[]]]]}"#, says: "nested"),
    .init("100 000 brackets", String(repeating: "{\"a\":", count: 100_000), says: "nested"),
    .init("NUL byte", "{\0}", says: "no place"),
    .init("literal", #"{"a":null}"#, says: "no place"),
    .init(
      "fraction", #"{"a":\#(tensor("F32", "[2.0]", "[0,8]"))}"#, data: 8, says: "no place"),
    .init("exponent", #"{"a":\#(tensor("F32", "[2e0]", "[0,8]"))}"#, data: 8, says: "no place"),
    .init(
      "negative shape", #"{"a":\#(tensor("F32", "[-2]", "[0,8]"))}"#, data: 8, says: "no place"),
    .init("tensor is a number", #"{"a":1}"#, says: "JSON"),
    .init("no shape", #"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#, data: 8, says: "JSON"),
    .init(
      "unknown field",
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"strides":[1]}}"#, data: 8,
      says: "twice"),
    .init("the same tensor twice", #"{"a":\#(good),"a":\#(good)}"#, data: 8, says: "twice"),
    .init(
      "the same tensor twice, escaped", #"{"a":\#(good),"\u0061":\#(good)}"#, data: 8,
      says: "twice"),
    .init(
      "the same field twice",
      #"{"a":{"dtype":"F32","shape":[2],"shape":[1],"data_offsets":[0,8]}}"#, data: 8,
      says: "twice"),
    .init(
      "the same metadata twice", #"{"__metadata__":{"a":"1","a":"2"}}"#, says: "twice"),
    .init("metadata is no text", #"{"__metadata__":{"a":1}}"#, says: "JSON"),
    .init("empty name", #"{"":\#(good)}"#, data: 8, says: "name"),
    .init("name with a newline", #"{"a\nb":\#(good)}"#, data: 8, says: "name"),
    .init(
      "name of 1025 bytes", #"{"\#(String(repeating: "a", count: 1025))":\#(good)}"#, data: 8,
      says: "name"),
    .init(
      "unknown type", #"{"a":\#(tensor("F31", "[2]", "[0,8]"))}"#, data: 8, says: "F31"),
    .init(
      "lower-case type", #"{"a":\#(tensor("f32", "[2]", "[0,8]"))}"#, data: 8, says: "f32"),
    .init(
      "eight-bit floats", #"{"a":\#(tensor("F8_E4M3", "[8]", "[0,8]"))}"#, data: 8,
      code: .modelUnsupported, says: "F8_E4M3"),
    .init(
      "shape product wraps",
      #"{"a":\#(tensor("F32", "[4294967296,4294967296]", "[0,0]"))}"#, says: "too large"),
    .init(
      "byte count wraps", #"{"a":\#(tensor("F64", "[2305843009213693952]", "[0,0]"))}"#,
      says: "too large"),
    .init(
      "dimension above Int.max", #"{"a":\#(tensor("U8", "[18446744073709551615]", "[0,0]"))}"#,
      says: "too large"),
    .init(
      "dimension above UInt64.max",
      #"{"a":\#(tensor("U8", "[18446744073709551616]", "[0,0]"))}"#, says: "JSON"),
    .init(
      "reversed offsets", #"{"a":\#(tensor("F32", "[2]", "[8,0]"))}"#, data: 8, says: "gap"),
    .init(
      "end before start",
      #"{"a":\#(tensor("U8", "[0]", "[0,0]")),"b":\#(tensor("F32", "[2]", "[0,8]")),"c":\#(tensor("F32", "[1]", "[8,4]"))}"#,
      data: 8, says: "do not fit"),
    .init("one offset", #"{"a":\#(tensor("F32", "[2]", "[0]"))}"#, data: 8, says: "gap"),
    .init("three offsets", #"{"a":\#(tensor("F32", "[2]", "[0,8,8]"))}"#, data: 8, says: "gap"),
    .init("too few bytes", #"{"a":\#(tensor("F32", "[2]", "[0,4]"))}"#, data: 4, says: "not fit"),
    .init("gap at the start", #"{"a":\#(tensor("F32", "[2]", "[4,12]"))}"#, data: 12, says: "gap"),
    .init(
      "gap in the middle", #"{"a":\#(good),"b":\#(tensor("F32", "[2]", "[12,20]"))}"#, data: 20,
      says: "gap"),
    .init(
      "overlap", #"{"a":\#(good),"b":\#(tensor("F32", "[2]", "[4,12]"))}"#, data: 12,
      says: "overlaps"),
    .init("the same range twice", #"{"a":\#(good),"b":\#(good)}"#, data: 8, says: "overlaps"),
    .init("data too short", #"{"a":\#(good)}"#, data: 7, says: "ends inside"),
    .init("data too long", #"{"a":\#(good)}"#, data: 9, says: "follow the last tensor"),
    .init("bytes behind no tensors", "{}", data: 1, says: "follow the last tensor"),
    .init(
      "offset near 2^64", #"{"a":\#(tensor("U8", "[1]", "[18446744073709551615,0]"))}"#, data: 1,
      says: "gap"),
  ]
}

@Suite("Safetensors: hostile files")
struct SafetensorsHostileTests {
  @Test(arguments: HostileSafetensors.all)
  func `is refused with its reason`(_ hostile: HostileSafetensors) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(hostile.file.bytes, to: "m.safetensors")
    do {
      _ = try SafetensorsFile(path: path)
      Issue.record("was accepted")
    } catch {
      #expect(error.code == hostile.code)
      #expect(error.message.contains(hostile.message), "\(error)")
      #expect(error.message.contains(path))
      #expect(error.remedy != nil)
    }
  }

  @Test(arguments: ["{}", "{} \n\t", #"{"__metadata__":{}}"#])
  func `a file without tensors is valid`(_ json: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(RawSafetensors(json).bytes, to: "m.safetensors")
    #expect(try SafetensorsFile(path: path).tensors.isEmpty)
  }

  @Test func `random damage to the header never ends the process`() throws {
    let folder = try TemporaryFolder()
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    var accepted = 0
    for _ in 0..<500 {
      var bytes = PythonSafetensors.mixed
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let index = Int.random(in: 0..<320, using: &generator)
        bytes[index] = UInt8.random(in: .min ... .max, using: &generator)
      }
      let path = try folder.write(bytes, to: "m.safetensors")
      do {
        let file = try SafetensorsFile(path: path)
        accepted += 1
        for tensor in file.tensors {
          #expect(tensor.fileOffset + tensor.description.byteCount <= bytes.count, "seed \(seed)")
        }
      } catch {
        continue
      }
    }
    #expect(accepted < 500, "seed \(seed)")
  }
}
