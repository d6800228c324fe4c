import BSTKTestSupport

extension ValidFixtures {
  /// Matrices of nested planes.
  static var planes: [FixtureCase] {
    var vectors = RawModel(seed: 9)
    vectors.planes("bf16", 5, 9, levels: 2, vectors: 2, outliers: 1)
    vectors.planes("f16", 2, 17, levels: 3, vectors: 1)
    vectors.planes("int8", 3, 8, levels: 2, vectors: 3, outliers: 2)
    vectors.planes("log8", 7, 6, levels: 3, vectors: 4, outliers: 5)
    var limits = RawModel(seed: 10)
    limits.planes("all", 1, 1, levels: 8, base: 8, outliers: 1)
    limits.planes("column", 9, 1, levels: 1)
    limits.planes("listed", 3, 3, levels: 2, outliers: 9)
    limits.planes("row", 1, 9, levels: 8)
    return [
      .valid("tiny-planes", "9.2", .tinyPlanes()),
      .valid("planes", "9.2", .nested()),
      .valid("planes-vector-types", "9.3", vectors.assembled()),
      .valid("planes-limits", "17", limits.assembled()),
      .valid("planes-edge-values", "9.2", planeEdgeValues()),
      .valid("planes-codecs", "8", planeCodecs()),
      .valid("planes-stack-order", "7", reorderedPlanes()),
      .valid("planes-lists", "9.2", planeLists()),
    ]
  }

  /// A factor of zero, negative and subnormal numbers, gains at their limits, a value that is just
  /// within the bound, logarithms at both ends, and the first and the last element in the list.
  private static func planeEdgeValues() -> RawFile {
    var model = RawModel(seed: 11)
    for (name, factor, gains) in [
      ("flat", 0, [1, 1]), ("large", 0x1p-11, [-1024, 1024]), ("negative", -2, [-0.0, -1]),
    ] as [(String, Float, [Float])] {
      let scales: [Float] = name == "large" ? [0x1p60, -0x1p59] : [0x1p-149, 1]
      model.matrix(
        name,
        RawPlanes(
          rows: 2, columns: 3, levels: 2, vectors: 4, numbers: [0, 1, 2, 3, 3, 0],
          u: scales[0].bitPattern.littleEndianBytes + [0, 254],
          v: scales[1].bitPattern.littleEndianBytes + [0, 255, 16], factor: factor, gains: gains,
          outliers: [(0, 0x8001), (5, name == "large" ? 0 : 0x7BFF)]))
    }
    return model.assembled()
  }

  /// Lists with no entry, one, several and all, with gaps that take two bytes; one of them in a chunk
  /// that is split into byte planes, where the list stays as it is.
  private static func planeLists() -> RawFile {
    var model = RawModel(seed: 13)
    model.planes("all", 2, 9, levels: 1, outliers: 18)
    model.planes("none", 2, 9, levels: 1)
    model.planes("one", 2, 9, levels: 1, outliers: 1)
    model.matrix(
      "split",
      RawPlanes(
        rows: 8, columns: 64, levels: 1, vectors: 2, numbers: [Int](repeating: 1, count: 512),
        u: (0..<8).flatMap { _ in UInt16(0x3F81).littleEndianBytes },
        v: (0..<64).flatMap { _ in UInt16(0x3F82).littleEndianBytes }, factor: 1, gains: [1],
        outliers: [(0, 0x3C00), (1, 0xBC00), (260, 0x0001), (511, 0x4200)]))
    var file = model.assembled()
    let content = Planes.split(file.chunks[3].stored, 64..<208, width: 2)
    file.chunks[3].codec = 2
    file.chunks[3].stored = ZstdFrame(content).bytes
    return file
  }

  /// Every codec that the blocks may have.
  private static func planeCodecs() -> RawFile {
    var model = RawModel(seed: 12)
    let numbers = (0..<512).map { $0 < 300 ? 7 : 0 }
    let halves: [UInt16] = (0..<64).map { 0x3F80 + $0 % 8 }
    let logarithms = Float(1).bitPattern.littleEndianBytes + [UInt8](repeating: 3, count: 64)
    for (name, vectors, v) in [
      ("bf16", 2, halves.flatMap(\.littleEndianBytes)), ("log8", 4, logarithms),
    ] as [(String, UInt8, [UInt8])] {
      let u = vectors == 2 ? v.prefix(16) : v.prefix(12)
      model.matrix(
        name,
        RawPlanes(
          rows: 8, columns: 64, levels: 3, vectors: vectors, numbers: numbers, u: Array(u), v: v,
          factor: 1, gains: [1, 1, 1], outliers: []))
    }
    var file = model.assembled()
    let payloads = file.chunks.map(\.stored)
    for (index, payload) in payloads.enumerated() {
      let first = payloads[Int(file.chunks[index].owner)]
      let codec: UInt8 = index == 0 ? 2 : index < 4 ? 1 : 3
      let content =
        switch codec {
        // 8 elements of u and 64 of v stand before the factor.
        case 2: Planes.split(payload, 64..<208, width: 2)
        case 3: Planes.mirror(payload, first, 64)
        default: payload
        }
      file.chunks[index].codec = codec
      file.chunks[index].stored = ZstdFrame(content).bytes
    }
    return file
  }

  /// The stack by matrix, the last one first.
  private static func reorderedPlanes() -> RawFile {
    var file = RawFile.nested()
    let stack = file.chunks[9...].sorted { ($1.owner, $0.level) < ($0.owner, $1.level) }
    file.chunks.replaceSubrange(9..., with: stack)
    return file
  }
}
