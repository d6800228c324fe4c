extension InvalidFixtures {
  /// Tensors in parts that do not fit together. Matrices 0 and 1 are parts of a tensor of 5 rows, 2
  /// to 4 of one of 8 rows, 5 is whole.
  static var parts: [FixtureCase] {
    [
      parts("first-is-missing", "SHAPE") { $0.matrices[0].firstRow = 1 },
      parts("rows-left-out", "SHAPE") { $0.matrices[1].firstRow = 4 },
      parts("rows-twice", "SHAPE") { $0.matrices[1].firstRow = 2 },
      parts("row-wraps", "SHAPE") { $0.matrices[4].firstRow = .max },
      parts("follow-another-tensor", "SHAPE") { $0.matrices[5].firstRow = 8 },
      parts("of-two-kinds", "SHAPE") { $0.matrices[1].kind = 2 },
      parts("of-two-source-types", "SHAPE") { $0.matrices[3].sourceType = 3 },
      parts("of-two-widths", "SHAPE") { $0.matrices[4].columns = 10 },
      parts("begin-anew", "NAME") { $0.matrices[3].firstRow = 0 },
      parts("swapped", "NAME") { $0.matrices.swapAt(0, 1) },
      parts("alternate", "NAME") { $0.matrices.swapAt(1, 2) },
      parts("descend", "NAME") { $0.matrices[1].name = Array("A.weight".utf8) },
      parts("rows-over-limit", "LIMIT", "17") {
        $0.matrices[0].rows = 1 << 20
        $0.matrices[1].firstRow = 1 << 20
      },
      parts("rows-zero", "SHAPE") { $0.matrices[1].rows = 0 },
      parts("base-out-of-order", "LAYOUT", "7") { $0.chunks.swapAt(1, 2) },
      parts("stack-out-of-order", "ORDER", "7") { $0.chunks[9].owner = 1 },
    ]
  }

  private static func parts(
    _ name: String, _ code: String, _ clause: String = "4.1", _ edit: (inout RawFile) -> Void
  ) -> FixtureCase {
    .edited("parts-\(name)", clause, code, of: .parts(), edit)
  }
}
