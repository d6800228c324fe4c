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

  /// A line for each tensor, its parts taken together.
  private var matrixTable: Table {
    var table = Table([
      .text("matrix"), .text("kind"), .number("shape"), .number("parts"), .text("type"),
      .number("levels"), .number("base"), .number("rank"), .text("vectors"), .number("outliers"),
      .number("bytes"),
    ])
    for parts in matrices.byTensor(\.firstRow) {
      guard let first = parts.first else { continue }
      let vectors = parts.flatMap(\.vectors).reduce(into: [String]()) { list, name in
        if !list.contains(name) { list.append(name) }
      }
      table.add([
        first.name, first.kind, "\(parts.reduce(0) { $0 + $1.rows }) x \(first.columns)",
        "\(parts.count)", first.sourceType,
        "\(Self.span(parts.map(\.levels)))/\(Self.span(parts.map(\.levelsTotal)))",
        Self.span(parts.map(\.levelsBase)), Self.span(parts.flatMap(\.ranks)),
        vectors.joined(separator: ","),
        ByteFormat.grouped(parts.reduce(0) { $0 + $1.outliers }),
        ByteFormat.grouped(parts.reduce(0) { $0 + $1.bytes }),
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
      .number("row"), .number("level"), .number("worth"),
    ])
    for entry in order {
      table.add([
        "\(entry.chunk)", ByteFormat.grouped(entry.offset), ByteFormat.grouped(entry.storedBytes),
        entry.codec, entry.owner, entry.firstRow.map(String.init) ?? "",
        entry.level.map(String.init) ?? "",
        entry.worth.map { "\($0)" } ?? "",
      ])
    }
    return table
  }

  /// The smallest and the largest of some numbers, or the one they all are.
  static func span(_ values: [Int]) -> String {
    guard let first = values.min(), let last = values.max() else { return "" }
    return first == last ? "\(first)" : "\(first)-\(last)"
  }
}

extension Array {
  /// The entries of a list of matrices in groups of one tensor each.
  ///
  /// - Parameter firstRow: The row of its tensor with which an entry begins.
  func byTensor(_ firstRow: (Element) -> Int) -> [ArraySlice<Element>] {
    let starts = indices.filter { firstRow(self[$0]) == 0 }
    return zip(starts, starts.dropFirst() + [count]).map { self[$0..<$1] }
  }
}
