import BSTKModelFiles
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Testing

/// A malformed file and what must be said about it.
struct HostileGGUF: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let bytes: [UInt8]
  let code: BSTKError.Code
  let message: String

  init(
    _ name: String, code: BSTKError.Code = .gguf, says message: String,
    _ change: (inout RawGGUF) -> Void
  ) {
    testDescription = name
    var file = RawGGUF.small
    change(&file)
    bytes = file.bytes
    self.code = code
    self.message = message
  }

  private static func value(_ name: String, says message: String, _ value: [UInt8]) -> HostileGGUF {
    .init(name, says: message) { $0.pairs.append(("x", value)) }
  }

  private static func tensor(
    _ name: String, code: BSTKError.Code = .gguf, says message: String,
    _ change: @escaping (inout RawGGUF.Tensor) -> Void
  ) -> HostileGGUF {
    .init(name, code: code, says: message) { change(&$0.tensors[0]) }
  }

  static let all: [HostileGGUF] = [
    .init("another signature", says: "not GGUF") { $0.signature = Array("GGML".utf8) },
    .init("version 0", code: .modelUnsupported, says: "version 0") { $0.version = 0 },
    .init("version 1", code: .modelUnsupported, says: "version 1") { $0.version = 1 },
    .init("version 4", code: .modelUnsupported, says: "version 4") { $0.version = 4 },
    .init("big-endian", code: .modelUnsupported, says: "big-endian") { $0.version = 3 << 24 },
    .init("2^63 tensors", says: "number of tensors") { $0.tensorCount = 1 << 63 },
    .init("2^64-1 tensors", says: "number of tensors") { $0.tensorCount = .max },
    .init("more tensors than bytes", says: "number of tensors") { $0.tensorCount = 1000 },
    .init("a tensor too many", says: "name") { $0.tensorCount = 2 },
    .init("2^63 pairs", says: "number of metadata") { $0.pairCount = 1 << 63 },
    .init("a pair too many", says: "name") { $0.pairCount = 2 },
    .init("an empty key", says: "is empty") { $0.pairs.append(("", RawGGUF.u32(1))) },
    .init("the same key twice", says: "twice") {
      $0.pairs += [("x", RawGGUF.u32(1)), ("x", RawGGUF.u32(1))]
    },
    .init("a key of 65 536 bytes", says: "limit") {
      $0.pairs.append((String(repeating: "k", count: 1 << 16), RawGGUF.u32(1)))
    },
    value("unknown value type", says: "unknown type 13", RawGGUF.number(UInt32(13))),
    value("value type 2^32-1", says: "unknown type", RawGGUF.number(UInt32.max)),
    value(
      "a text behind the file", says: "claims",
      RawGGUF.number(UInt32(8)) + RawGGUF.string("", length: 1 << 20)),
    value(
      "a text of 2^64-1 bytes", says: "claims",
      RawGGUF.number(UInt32(8)) + RawGGUF.string("", length: .max)),
    value(
      "a text that is not UTF-8", says: "UTF-8",
      RawGGUF.number(UInt32(8)) + RawGGUF.number(UInt64(1)) + [0xFF]),
    value("2^63 bytes", says: "claims", RawGGUF.array(type: 0, count: 1 << 63, [])),
    value("2^61 numbers of 8 bytes", says: "claims", RawGGUF.array(type: 10, count: 1 << 61, [])),
    value("2^61 texts", says: "claims", RawGGUF.array(type: 8, count: 1 << 61, [])),
    value("one text too many", says: "claims", RawGGUF.array(type: 8, count: 40, [])),
    value(
      "an array of arrays", says: "array of arrays",
      RawGGUF.array(type: 9, count: 1, RawGGUF.number(UInt32(4)) + RawGGUF.number(UInt64(0)))),
    value(
      "arrays nested 100 000 deep", says: "array of arrays",
      RawGGUF.number(UInt32(9))
        + (0..<100_000).flatMap { _ in RawGGUF.number(UInt32(9)) + RawGGUF.number(UInt64(1)) }),
    .init("alignment 0", says: "power of two") {
      $0.pairs.append(("general.alignment", RawGGUF.u32(0)))
    },
    .init("alignment 24", says: "power of two") {
      $0.pairs.append(("general.alignment", RawGGUF.u32(24)))
    },
    .init("alignment 2^31", says: "power of two") {
      $0.pairs.append(("general.alignment", RawGGUF.u32(1 << 31)))
    },
    .init("alignment as a text", says: "power of two") {
      $0.pairs.append(("general.alignment", RawGGUF.text("32")))
    },
    .init("alignment 2^20, which leaves no data", says: "behind the file") {
      $0.pairs.append(("general.alignment", RawGGUF.u32(1 << 20)))
    },
    tensor("no dimension", says: "0 dimensions") { $0.dimensions = [] },
    tensor("5 dimensions", says: "5 dimensions") { $0.dimensions = [2, 1, 1, 1, 1] },
    tensor("a dimension of 0", says: "dimension of 0") { $0.dimensions = [2, 0] },
    tensor("a dimension of 2^63", says: "dimension of") { $0.dimensions = [1 << 63] },
    tensor("a dimension of 2^62", says: "too large") { $0.dimensions = [1 << 62] },
    tensor("dimensions whose product wraps to 0", says: "too large") {
      $0.dimensions = [1 << 32, 1 << 32]
    },
    tensor("dimensions whose product wraps to 2", says: "too large") {
      $0.dimensions = [0x5555_5555_5555_5556, 3]
    },
    tensor("bytes that wrap", says: "too large") { $0.dimensions = [1 << 31, 1 << 30, 2] },
    tensor("elements of blocks that wrap", says: "too large") {
      $0.type = 12
      $0.dimensions = [1 << 40, 1 << 23]
    },
    tensor("a row that is no whole number of blocks", says: "no multiple of 32") {
      $0.type = 8
      $0.dimensions = [33]
    },
    tensor("a type that is not read", code: .modelUnsupported, says: "IQ2_XS") {
      $0.type = 17
    },
    tensor("a type that was withdrawn", says: "unknown type 4") { $0.type = 4 },
    tensor("type 2^32-1", says: "unknown type") { $0.type = .max },
    tensor("an offset of 1", says: "not aligned") { $0.offset = 1 },
    tensor("an offset behind the file", says: "behind the file") { $0.offset = 64 },
    tensor("an offset that wraps", says: "behind the file") { $0.offset = .max - 31 },
    tensor("more elements than bytes", says: "ends inside tensor a") { $0.dimensions = [3] },
    tensor("an empty name", says: "empty") { $0.name = "" },
    tensor("a name with a line break", says: "control") { $0.name = "a\nb" },
    tensor("a name of 65 bytes", says: "limit") { $0.name = String(repeating: "n", count: 65) },
    .init("the same name twice", says: "two tensors") { $0.tensors += $0.tensors },
    .init("the same data twice", says: "overlap") {
      $0.tensors.append(.init(name: "b", dimensions: [2], data: [], offset: 0))
    },
  ]
}

@Suite("GGUF: what nobody vouches for")
struct GGUFHostileTests {
  @Test(arguments: HostileGGUF.all) func `is refused with a place`(_ file: HostileGGUF) throws {
    #expect { try GGUFFile(MemorySource(file.bytes)) } throws: { error in
      guard let error = error as? BSTKError else { return false }
      let isPlaced = error.offset.map { $0 <= UInt64(file.bytes.count) } ?? true
      #expect(error.code == file.code && error.message.contains(file.message), "\(error)")
      return error.code == file.code && error.message.contains(file.message) && isPlaced
        && error.remedy != nil
    }
  }

  @Test func `every truncation is refused and nothing else`() throws {
    let whole = RawGGUF.small.bytes
    for count in 0..<whole.count {
      #expect(throws: BSTKError.self) { try GGUFFile(MemorySource(Array(whole[..<count]))) }
    }
    _ = try GGUFFile(MemorySource(whole))
    _ = try GGUFFile(MemorySource(whole + [1, 2, 3]))
  }

  @Test func `no changed byte brings the reader down`() throws {
    var file = RawGGUF.small
    file.pairs += [
      ("list", RawGGUF.texts(["a", "b"])), ("numbers", RawGGUF.integers([1, 2, 3])),
      ("text", RawGGUF.text("text")), ("general.alignment", RawGGUF.u32(64)),
    ]
    file.alignment = 64
    let whole = file.bytes
    _ = try GGUFFile(MemorySource(whole))
    for index in whole.indices {
      for change: UInt8 in [0x01, 0x80, 0xFF] {
        var bytes = whole
        bytes[index] ^= change
        guard let opened = try? GGUFFile(MemorySource(bytes)) else { continue }
        for tensor in opened.tensors {
          var floats = [Float](repeating: 0, count: tensor.elementCount)
          var span = floats.mutableSpan
          try opened.readFloats(of: tensor, from: 0, into: &span)
        }
      }
    }
  }

  @Test func `the message names the file`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("GGUF".utf8), to: "short.gguf")
    #expect { try GGUFModel(path: path) } throws: { error in
      guard let error = error as? BSTKError else { return false }
      return error.code == .gguf && error.message.hasPrefix(path) && error.offset == 4
    }
    #expect(GGUFFile.isLikely(path))
    #expect(!GGUFFile.isLikely(folder.path))
    #expect(!GGUFFile.isLikely(folder.file("missing.gguf")))
    #expect(!GGUFFile.isLikely(try folder.write(Array("BSTK".utf8), to: "m.bstk")))
  }
}
