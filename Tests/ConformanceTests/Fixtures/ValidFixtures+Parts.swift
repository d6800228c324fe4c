extension ValidFixtures {
  /// Tensors that are stored in parts.
  static var parts: [FixtureCase] {
    var rows = RawModel(seed: 15)
    for row in 0..<5 { rows.planes("m", firstRow: row, 1, 9, levels: 1 + row % 3) }
    return [
      .valid("tiny-parts", "4.1", .tinyParts()),
      .valid("parts", "4.1", .parts()),
      .valid("parts-of-one-row", "4.1", rows.assembled()),
    ]
  }
}
