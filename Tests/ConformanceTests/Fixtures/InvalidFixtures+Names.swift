extension InvalidFixtures {
  static var names: [FixtureCase] { pool + tensorNames + fileNames }

  private static var pool: [FixtureCase] {
    [
      .edited("name-beyond-pool", "4.4", "TABLE") { _ in }.resized(by: 1),
      .edited("name-pool-left-over", "4.4", "TABLE") { _ in }.resized(by: -1),
      .patched("name-pool-padding", "4.4", "PADDING") { bytes in
        // The pool begins behind eight chunk records and has 8 + 8 + 11 + 12 + 11 bytes.
        bytes[464 + 8 * 48 + 50] = 1
      },
    ]
  }

  private static var tensorNames: [FixtureCase] {
    [
      .edited("name-empty", "5", "NAME") { $0.matrices[0].name = [] },
      .edited("name-over-limit", "17", "NAME") {
        $0.matrices[1].name = [UInt8](repeating: 0x78, count: 256)
      },
      .edited("name-not-utf8", "5", "NAME") { $0.matrices[1].name = [0x62, 0xFF] },
      .edited("name-nul", "5", "NAME") { $0.matrices[1].name = [0x62, 0] },
      .edited("name-line-feed", "5", "NAME") { $0.matrices[1].name = [0x62, 0x0A] },
      .edited("name-space", "5", "NAME") { $0.matrices[1].name = Array("b weight".utf8) },
      .edited("name-letter-beyond-ascii", "5", "NAME") { $0.matrices[1].name = Array("bé".utf8) },
      .edited("name-double-slash", "5", "NAME") { $0.matrices[1].name = Array("b//w".utf8) },
      .edited("name-slash-at-start", "5", "NAME") { $0.matrices[0].name = Array("/a".utf8) },
      .edited("name-slash-at-end", "5", "NAME") { $0.matrices[1].name = Array("b/".utf8) },
      .edited("matrices-unsorted", "4.1", "NAME") { $0.matrices[0].name = Array("c".utf8) },
      .edited("matrices-equal", "4.1", "NAME") { $0.matrices[0].name = $0.matrices[1].name },
      .edited("tensors-unsorted", "4.2", "NAME") { $0.objects[1].name = Array("zero".utf8) },
      .edited("tensors-equal", "4.2", "NAME") { $0.objects[1].name = $0.objects[2].name },
      .edited("object-kinds-unsorted", "4.2", "NAME") { $0.objects.swapAt(0, 1) },
      .edited("tensor-and-matrix-equal", "5", "NAME") { $0.objects[1].name = $0.matrices[1].name },
    ]
  }

  private static var fileNames: [FixtureCase] {
    let names = [
      ("parent", "../x"), ("inner-parent", "a/../x"), ("here", "./x"), ("dots", "a/.."),
      ("absolute", "/etc/x"), ("backslash", #"a\x"#), ("drive", "C:x"), ("hidden", ".bashrc"),
      ("dot-at-end", "x."), ("device", "CON"), ("device-with-ending", "sub/lpt1.txt"),
      ("tensors", "model.safetensors"), ("tensors-index", "a/MODEL.SafeTensors.index.json"),
    ]
    return names.map { name, value in
      .edited("file-name-\(name)", "5", "NAME") { $0.objects[0].name = Array(value.utf8) }
    } + [
      .edited("files-differ-in-case", "5", "NAME") { $0.addFiles("Config.json", "config.json") },
      .edited("file-is-folder", "5", "NAME") { $0.addFiles("A", "a.txt", "a/b.txt") },
    ]
  }
}

extension RawFile {
  /// Puts empty files in the place of the first object.
  fileprivate mutating func addFiles(_ names: String...) {
    objects.replaceSubrange(
      ..<1, with: names.map { Object(name: Array($0.utf8), kind: 1) })
    chunks.removeFirst()
    for index in 0..<2 { chunks[index].owner += UInt32(names.count) - 1 }
  }
}

extension FixtureCase {
  /// The file with another length for its last name.
  fileprivate func resized(by difference: Int) -> FixtureCase {
    var bytes = bytes
    let offset = 256 + 2 * 32 + 2 * 48
    bytes[offset] = UInt8(Int(bytes[offset]) + difference)
    Seal.index(&bytes)
    return FixtureCase(name: name, clause: clause, fault: fault, bytes: bytes)
  }
}
