/// A file taken apart byte by byte, for `Spec/v1/annotated.md`.
struct Annotation {
  private struct Field {
    let range: Range<Int>
    let text: String
  }

  /// A record of the chunk table and what stands in the chunk.
  private struct Chunk {
    let title: String
    let kind: String
    let vectors: String
    let parts: [(Int, String)]
  }

  private let bytes: [UInt8]
  private var sections: [(title: String, fields: [Field])] = []
  private var position = 0

  /// Takes apart the file of ``RawFile/tiny()``.
  init(tiny bytes: [UInt8]) {
    self.bytes = bytes
    header()
    matrixTable(kinds: ["sum of sign blocks"])
    objectTable()
    // 3 × 5 of rank 1: 15 signs, 3 and 5 halves.
    let block = [
      (2, "plane: 15 signs, row by row, and one zero bit"), (6, "padding"), (6, "U: 3 × 1, f16"),
      (2, "padding"), (10, "V^T: 1 × 5, f16"), (6, "padding"),
    ]
    chunks(
      names: ["q.weight", "config.json", "norm.weight"],
      [
        Chunk(
          title: "tile of config.json", kind: "tile", vectors: "none",
          parts: [(8, "the file's bytes")]),
        Chunk(
          title: "tile of norm.weight", kind: "tile", vectors: "none",
          parts: [(4, "1.0 as f32"), (4, "0.5 as f32")]),
        Chunk(title: "level 0 of q.weight", kind: "block", vectors: "f16", parts: block),
        Chunk(title: "level 1 of q.weight", kind: "block", vectors: "f16", parts: block),
      ])
  }

  /// Takes apart the file of ``RawFile/tinyPlanes()``.
  init(tinyPlanes bytes: [UInt8]) {
    self.bytes = bytes
    header()
    matrixTable(kinds: ["nested planes"])
    let plane = [
      (4, "plane: two rows of 9 bits and 7 zero bits"), (4, "padding"),
    ]
    let first = [
      (4, "u: 2 × f16"), (4, "padding"), (18, "v: 9 × f16"), (6, "padding"),
      (4, "factor: 1.5 as f32"), (4, "gain: 1.25 as f32"), (2, "gaps, lowest bytes: 11 and 3"),
      (6, "gaps, other bytes"),
      (2, "excesses, low bytes"), (2, "excesses, high bytes: 3.0 and 1.5 as f16"), (4, "padding"),
    ]
    chunks(
      names: ["p.weight"],
      [
        Chunk(title: "level 0 of p.weight", kind: "block", vectors: "f16", parts: plane + first),
        Chunk(
          title: "level 1 of p.weight", kind: "block", vectors: "none",
          parts: plane + [(4, "gain: 0.875 as f32"), (4, "padding")]),
        Chunk(
          title: "level 2 of p.weight", kind: "block", vectors: "none",
          parts: plane + [(4, "gain: 1.0 as f32"), (4, "padding")]),
      ])
  }

  /// Takes apart the file of ``RawFile/tinyParts()``.
  init(tinyParts bytes: [UInt8]) {
    self.bytes = bytes
    header()
    matrixTable(kinds: ["nested planes", "nested planes"])
    func chunk(_ part: String, rows: Int) -> Chunk {
      Chunk(
        title: "level 0 of \(part)", kind: "block", vectors: "f16",
        parts: [
          (rows, "plane: \(rows) × 8 bits"), (8 - rows, "padding"), (2 * rows, "u: \(rows) × f16"),
          (8 - 2 * rows, "padding"), (16, "v: 8 × f16"), (4, "factor: 1.0 as f32"),
          (4, "gain: 1.0 as f32"),
        ])
    }
    chunks(
      names: ["r.weight", "r.weight"],
      [chunk("rows 0 and 1 of r.weight", rows: 2), chunk("row 2 of r.weight", rows: 1)])
  }

  /// The bytes that the annotation covers, in order; all of the file when it is complete.
  var coveredByteCount: Int { position }

  private mutating func section(_ title: String) { sections.append((title, [])) }

  private mutating func field(_ count: Int, _ text: String) {
    let range = position..<(position + count)
    sections[sections.count - 1].fields.append(Field(range: range, text: text))
    position += count
  }

  private mutating func fields(_ list: [(Int, String)]) {
    for (count, text) in list { field(count, text) }
  }

  private func number(_ at: Int, _ count: Int) -> UInt64 {
    bytes[at..<(at + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A field whose number is shown.
  private mutating func value(_ count: Int, _ name: String) {
    field(count, "\(name) = \(number(position, count))")
  }

  private mutating func header() {
    section("Header (offset 0, 256 bytes)")
    field(8, "magic: 89, BSTK, CR LF, Ctrl-Z")
    value(2, "major")
    value(2, "minor")
    value(4, "header_length")
    for name in ["incompat", "ro_compat", "compat"] { value(8, "\(name) flags") }
    for name in ["index_length", "base_end", "file_length"] { value(8, name) }
    for name in ["matrix_count", "object_count", "chunk_count"] { value(4, name) }
    value(4, "name_pool_length")
    value(4, "extension_length")
    fields([(44, "reserved"), (32, "index_sha256"), (92, "reserved"), (4, "header_crc")])
  }

  private mutating func matrixTable(kinds: [String]) {
    let count = kinds.count == 1 ? "one record" : "\(kinds.count) records"
    section("Matrix table (offset \(position), \(count) of 32 bytes)")
    for kind in kinds {
      value(2, "name_length")
      fields([(1, "kind: \(kind)"), (1, "source_type: F32")])
      value(4, "rows")
      value(4, "columns")
      value(2, "levels")
      value(2, "base_levels")
      value(4, "outliers")
      value(4, "first_row")
      field(8, "reserved")
    }
  }

  private mutating func objectTable() {
    section("Object table (offset \(position), 2 records of 48 bytes)")
    for (kind, type) in [("auxiliary file", "none"), ("dense tensor", "F32")] {
      value(2, "name_length")
      fields([(1, "kind: \(kind)"), (1, "type: \(type)")])
      value(1, "dimension_count")
      field(3, "reserved")
      for axis in 0..<4 { value(4, "dimensions[\(axis)]") }
      value(8, "byte_length")
      field(16, "reserved")
    }
  }

  private mutating func chunks(names: [String], _ chunks: [Chunk]) {
    section("Chunk table (offset \(position), \(chunks.count) records of 48 bytes)")
    for chunk in chunks {
      field(32, "sha256 of the stored bytes")
      value(4, "stored_length")
      fields([(1, "codec: raw"), (1, "kind: \(chunk.kind)")])
      for (count, name) in [(2, "level"), (4, "owner"), (2, "rank")] { value(count, name) }
      fields([(1, "vectors: \(chunk.vectors)"), (1, "reserved")])
    }
    let poolByteCount = names.reduce(0) { $0 + $1.utf8.count }
    section("Name pool (offset \(position), \(poolByteCount) bytes and padding)")
    for name in names { field(name.utf8.count, "\"\(name)\"") }
    field((8 - position % 8) % 8, "padding to a multiple of 8")
    for (number, chunk) in chunks.enumerated() {
      let gap = (64 - position % 64) % 64
      section("Chunk \(number): \(chunk.title) (offset \(position + gap))")
      field(gap, "padding to a multiple of 64")
      fields(chunk.parts)
    }
  }

  /// The part of the page about this file.
  var markdown: String {
    var text = ""
    for (title, fields) in sections {
      text += "\n### \(title)\n\n```text\n"
      for field in fields where !field.range.isEmpty { text += lines(of: field) }
      text += "```\n"
    }
    return text
  }

  private func lines(of field: Field) -> String {
    var text = ""
    for start in stride(from: field.range.lowerBound, to: field.range.upperBound, by: 16) {
      let row = bytes[start..<min(start + 16, field.range.upperBound)]
      let hex = row.map { Self.hex(UInt64($0), digits: 2) }.joined(separator: " ")
      let padding = String(repeating: " ", count: 48 - hex.count)
      let isFirst = start == field.range.lowerBound
      text += "\(Self.hex(UInt64(start), digits: 4))  \(hex)"
      text += isFirst ? "\(padding)\(field.text)\n" : "\n"
    }
    return text
  }

  private static func hex(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
  }
}
