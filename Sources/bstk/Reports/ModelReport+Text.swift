extension ModelReport {
  /// Prints the report for people: facts, then a table of matrices and one of objects.
  ///
  /// - Parameter withOrder: whether each chunk is listed too, in file order.
  func print(withOrder: Bool) {
    facts.print()
    Console.out()
    matrixTable.print()
    Console.out()
    objectTable.print()
    if withOrder {
      Console.out()
      orderTable.print()
    }
  }

  private var facts: Facts {
    var facts = Facts()
    facts.add("model", name)
    facts.add("state", prefix.text)
    facts.add("size", ByteFormat.both(bytes))
    facts.add("published", ByteFormat.both(publishedBytes))
    facts.add("base", "\(ByteFormat.both(baseBytes)), the smallest usable prefix")
    facts.add("manifest", "\(ByteFormat.both(manifestBytes)), format \(version)")
    facts.add("chunks", "\(prefix.chunks) of \(prefix.chunksTotal)")
    facts.add("blocks", "\(prefix.blocks) of \(prefix.blocksTotal)")
    facts.add("root digest", rootDigest)
    if let provenance { facts.add("provenance", provenance) }
    if let quality {
      let source =
        quality.source.map { ", uncompressed \(ByteFormat.fixed($0, decimals: 2))" } ?? ""
      facts.add("quality", "\(quality.metric) on \(quality.label)\(source)")
      for point in quality.points {
        facts.add(
          "", "\(ByteFormat.decimal(point.bytes)): \(ByteFormat.fixed(point.value, decimals: 2))")
      }
    }
    return facts
  }

  private var matrixTable: Table {
    var table = Table([
      .text("matrix"), .text("kind"), .number("shape"), .text("type"), .number("levels"),
      .number("base"), .number("rank"), .text("vectors"), .number("outliers"), .number("bytes"),
    ])
    for matrix in matrices {
      table.add([
        matrix.name, matrix.kind, "\(matrix.rows) x \(matrix.columns)", matrix.sourceType,
        "\(matrix.levels)/\(matrix.levelsTotal)", "\(matrix.levelsBase)",
        Self.span(matrix.ranks), matrix.vectors.joined(separator: ","),
        ByteFormat.grouped(matrix.outliers), ByteFormat.grouped(matrix.bytes),
      ])
    }
    return table
  }

  private var objectTable: Table {
    var table = Table([
      .text("object"), .text("kind"), .text("type"), .number("shape"), .number("bytes"),
      .number("stored"),
    ])
    for object in objects {
      table.add([
        object.name, object.kind, object.type ?? "",
        object.shape?.map(String.init).joined(separator: " x ") ?? "",
        ByteFormat.grouped(object.bytes), ByteFormat.grouped(object.storedBytes),
      ])
    }
    return table
  }

  private var orderTable: Table {
    var table = Table([
      .number("chunk"), .number("offset"), .number("stored"), .text("codec"), .text("owner"),
      .number("level"), .number("worth"),
    ])
    for entry in order {
      table.add([
        "\(entry.chunk)", ByteFormat.grouped(entry.offset), ByteFormat.grouped(entry.storedBytes),
        entry.codec, entry.owner, entry.level.map(String.init) ?? "",
        entry.worth.map { "\($0)" } ?? "",
      ])
    }
    return table
  }

  private static func span(_ values: [Int]) -> String {
    guard let first = values.first, let last = values.last else { return "" }
    return first == last ? "\(first)" : "\(first)-\(last)"
  }
}
