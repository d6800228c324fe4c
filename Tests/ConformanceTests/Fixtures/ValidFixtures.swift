import BSTKTestSupport

/// Files that every reader must accept.
enum ValidFixtures {
  static var all: [FixtureCase] {
    contents + codecs + frames + planes + parts + flags + limits + prefixes
  }

  private static var contents: [FixtureCase] {
    var smallest = RawModel()
    smallest.matrix("m", 1, 1, blocks: [(1, 1)])
    var dense = RawModel()
    dense.tensor("only.weight", type: 2, width: 2, [2, 3])
    var empty = RawModel()
    empty.file("added_tokens.json", [])
    empty.file("config.json", Array("{}".utf8))
    var vectors = RawModel(seed: 3)
    vectors.matrix("bf16", 4, 6, source: 3, blocks: [(1, 2), (4, 2)])
    vectors.matrix("f16", 6, 4, source: 2, blocks: [(2, 1), (1, 1)])
    vectors.matrix("int8", 3, 9, blocks: [(3, 3), (1, 3)])
    vectors.matrix("log8", 5, 6, blocks: [(2, 4), (1, 4)])
    vectors.matrix("mixed", 8, 8, blocks: [(8, 1), (1, 2), (2, 3), (1, 4)])
    var types = RawModel(seed: 4)
    for (number, width) in [4, 2, 2, 8, 1, 2, 4, 8, 1, 2, 4, 8].enumerated() {
      types.tensor("t\(number + 10)", type: UInt8(number + 1), width: width, [3])
    }
    types.tensor("t22", type: 13, width: 1, [4], bytes: [0, 1, 1, 0])
    types.tensor("t23.scalar", type: 1, width: 4, [])
    types.tensor("t24.deep", type: 9, width: 1, [2, 1, 3, 2])
    var ignorable = RawModel()
    ignorable.file("config.json", Array("{}".utf8))
    ignorable.object("notes.bin", kind: 0x80 | 77, [1, 2, 3])
    ignorable.matrix("m", 2, 2, blocks: [(1, 1)])
    var unreadable = ignorable.assembled()
    unreadable.objects[1].byteCount = 104
    unreadable.chunks[1].codec = 1
    unreadable.chunks[1].stored = [UInt8](repeating: 0, count: 10)
    return [
      .valid("tiny", "2", .tiny()),
      .valid("sample", "2", .sample()),
      .valid("smallest", "9.1", smallest.assembled()),
      .valid("dense-only", "10", dense.assembled()),
      .valid("empty-object", "6", empty.assembled()),
      .valid("vector-types", "16.5", vectors.assembled()),
      .valid("element-types", "16.6", types.assembled()),
      .valid("ignorable-object", "4.2", ignorable.assembled()),
      .valid("ignorable-object-not-a-frame", "4.2", unreadable),
      .valid("edge-values", "9.1", edgeValues()),
      .valid("stack-order", "7", reordered()),
      .valid("extensions", "11", extended()),
    ]
  }

  /// Subnormal, negative zero, largest finite, and the most negative byte.
  private static func edgeValues() -> RawFile {
    var model = RawModel()
    model.matrix("h", 4, 4, blocks: [(1, 1)])
    model.matrix("i", 4, 4, blocks: [(1, 3)])
    var file = model.assembled()
    let halves: [UInt16] = [0x0001, 0x8000, 0x7BFF, 0x8001]
    file.chunks[0].stored.replaceSubrange(8..<16, with: halves.flatMap(\.littleEndianBytes))
    file.chunks[1].stored.replaceSubrange(12..<16, with: [0x80, 0x7F, 0x00, 0xFF])
    // Just within the bound: (128 · 2^60) · (128 · 2^45) = 2^119.
    file.chunks[1].store(0x1p60, at: 8)
    file.chunks[1].store(0x1p45, at: 16)
    return file
  }

  /// All levels of the second matrix before those of the first.
  private static func reordered() -> RawFile {
    var file = RawFile.sample()
    let stack = file.chunks[5...].sorted { ($1.owner, $0.level) < ($0.owner, $1.level) }
    file.chunks.replaceSubrange(5..., with: stack)
    return file
  }

  private static func extended() -> RawFile {
    var file = RawFile.sample()
    file.extensions =
      RawExtensions.record(1, Array("bstk 1.0 – by hand\nlevels=3".utf8))
      + RawExtensions.worths([1, 0.5, 0.25, 0, -0.125])
      + RawExtensions.quality(points: [(5, 90.5), (7, 40), (8, 33)])
      + RawExtensions.record(61_440, [1, 2, 3])
    return file
  }

  private static var codecs: [FixtureCase] {
    var model = RawModel(seed: 5)
    let run = [UInt8](repeating: 7, count: 40) + [1, 2, 3] + [UInt8](repeating: 0, count: 61)
    model.file("vocab.txt", run)
    let elements = (0..<40).flatMap { UInt16(0x3F80 + $0 % 3).littleEndianBytes }
    model.tensor("bf16.planes", type: 3, width: 2, [5, 8], bytes: elements)
    model.matrix("m", 8, 24, blocks: [(1, 1)])
    var file = model.assembled()
    file.chunks[0].codec = 1
    file.chunks[0].stored = ZstdFrame(run).bytes
    let planes = Planes.split(elements, 0..<elements.count, width: 2)
    file.chunks[1].codec = 2
    file.chunks[1].stored = ZstdFrame(planes).bytes
    let block = flatBlock()
    file.chunks[2].codec = 2
    file.chunks[2].stored = ZstdFrame(Planes.split(block, 24..<block.count, width: 2)).bytes
    return [.valid("codecs", "8", file)]
  }

  /// A block of 8 × 24 whose vectors share one exponent.
  private static func flatBlock() -> [UInt8] {
    [UInt8](repeating: 0xFF, count: 24) + (0..<32).flatMap { UInt16(0x3C00 + $0).littleEndianBytes }
  }

  private static var flags: [FixtureCase] {
    var compatible = RawFile.tiny()
    compatible.compatible = 1 << 63 | 1
    var readOnly = RawFile.tiny()
    readOnly.readOnlyCompatible = 1 << 5
    var large = RawFile.tiny()
    large.incompatible = 1
    var minor = RawFile.tiny()
    minor.minor = 9
    return [
      .valid("flag-compat", "15", compatible), .valid("flag-ro-compat", "15", readOnly),
      .valid("flag-large-index", "15", large), .valid("minor-version", "15", minor),
    ]
  }

  private static var limits: [FixtureCase] {
    var names = RawModel()
    names.file("a/b.c-d_E/" + String(repeating: "x", count: 245), [1])
    names.file("console.txt", [2])
    names.file("model.safetensors.json", [3])
    names.matrix("..", 1, 1, blocks: [(1, 1)])
    names.matrix("con", 1, 1, blocks: [(1, 1)])
    names.matrix(String(repeating: "y", count: 255), 1, 1, blocks: [(1, 1)])
    var levels = RawModel()
    levels.matrix("m", 1, 8, blocks: [(rank: Int, vectors: UInt8)](repeating: (1, 3), count: 64))
    return [
      .valid("name-limits", "5", names.assembled()),
      .valid("level-limit", "17", levels.assembled()),
    ]
  }

  private static var prefixes: [FixtureCase] {
    let file = RawFile.sample()
    func cut(_ name: String, _ length: Int) -> FixtureCase {
      FixtureCase(name: name, clause: "12", fault: nil, bytes: Array(file.bytes()[..<length]))
    }
    let nested = RawFile.nested()
    func nestedCut(_ name: String, _ chunk: Int, extra: Int = 0) -> FixtureCase {
      let length = nested.offset(ofChunk: chunk) + nested.chunks[chunk].stored.count + extra
      return FixtureCase(
        name: name, clause: "12", fault: nil, bytes: Array(nested.bytes()[..<length]))
    }
    let parts = RawFile.parts()
    func partsCut(_ name: String, _ chunk: Int) -> FixtureCase {
      let length = parts.offset(ofChunk: chunk) + parts.chunks[chunk].stored.count
      return FixtureCase(
        name: name, clause: "12", fault: nil, bytes: Array(parts.bytes()[..<length]))
    }
    let base = file.offset(ofChunk: 4) + file.chunks[4].stored.count
    let seventh = file.offset(ofChunk: 6) + file.chunks[6].stored.count
    return [
      cut("prefix-base", base), cut("prefix-base-tail", base + 1), cut("prefix-chunk", seventh),
      cut("prefix-tail", file.bytes().count - 1),
      nestedCut("planes-prefix-base", 8), nestedCut("planes-prefix-chunk", 10),
      nestedCut("planes-prefix-tail", 11, extra: 3),
      partsCut("parts-prefix-base", 8), partsCut("parts-prefix-chunk", 12),
    ]
  }
}
