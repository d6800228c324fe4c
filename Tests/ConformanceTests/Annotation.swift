/// A file taken apart byte by byte, for `Spec/v1/annotated.md`.
struct Annotation {
  private struct Field {
    let range: Range<Int>
    let text: String
  }

  private let bytes: [UInt8]
  private var sections: [(title: String, fields: [Field])] = []
  private var position = 0

  /// Takes apart the file of ``RawFile/tiny()``.
  init(tiny bytes: [UInt8]) {
    self.bytes = bytes
    header()
    matrixTable()
    objectTable()
    chunkTable()
    rest()
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

  private mutating func matrixTable() {
    section("Matrix table (offset \(position), one record of 32 bytes)")
    value(2, "name_length")
    fields([(1, "kind: sum of sign blocks"), (1, "source_type: F32")])
    value(4, "rows")
    value(4, "columns")
    value(2, "levels")
    field(18, "reserved")
  }

  private mutating func objectTable() {
    section("Object table (offset \(position), two records of 48 bytes)")
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

  private mutating func chunkTable() {
    section("Chunk table (offset \(position), four records of 48 bytes)")
    for kind in ["tile", "tile", "block", "block"] {
      field(32, "sha256 of the stored bytes")
      value(4, "stored_length")
      fields([(1, "codec: raw"), (1, "kind: \(kind)")])
      for (count, name) in [(2, "level"), (4, "owner"), (2, "rank")] { value(count, name) }
      fields([(1, kind == "tile" ? "vectors: none" : "vectors: f16"), (1, "reserved")])
    }
  }

  private mutating func rest() {
    section("Name pool (offset \(position), 30 bytes and padding)")
    for name in ["q.weight", "config.json", "norm.weight"] { field(name.utf8.count, "\"\(name)\"") }
    field((8 - position % 8) % 8, "padding to a multiple of 8")
    let contents: [(String, [(Int, String)])] = [
      ("tile of config.json", [(8, "the file's bytes")]),
      ("tile of norm.weight", [(4, "1.0 as f32"), (4, "0.5 as f32")]),
      ("level 0 of q.weight", block), ("level 1 of q.weight", block),
    ]
    for (number, (title, parts)) in contents.enumerated() {
      let gap = (64 - position % 64) % 64
      section("Chunk \(number): \(title) (offset \(position + gap))")
      field(gap, "padding to a multiple of 64")
      fields(parts)
    }
  }

  /// 3 × 5 of rank 1: 15 signs, 3 and 5 halves.
  private var block: [(Int, String)] {
    [
      (2, "signs: 15 bits, row by row, and one zero bit"), (6, "padding"), (6, "U: 3 × 1, f16"),
      (2, "padding"), (10, "V^T: 1 × 5, f16"), (6, "padding"),
    ]
  }

  /// The page.
  var markdown: String {
    var text = """
      # A file, byte by byte

      This is `Fixtures/v1/valid/tiny.bstk`: a configuration file, a tensor of two elements and a
      3 × 5 matrix in two levels. Offsets and bytes are hexadecimal. The page is written by the
      conformance tests, which also compare it with the file.

      """
    for (title, fields) in sections {
      text += "\n## \(title)\n\n```text\n"
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
