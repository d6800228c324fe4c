internal import BSTKFormat
internal import BSTKMemory

/// What `bstk plan` says: what a budget buys, and what the next block would cost.
struct PlanReport: Encodable {
  struct Next: Encodable {
    let matrix: String
    /// The row with which the block's part of the tensor begins.
    let firstRow: Int
    let level: Int
    let bytes: UInt64
    let fileBytes: UInt64
  }

  /// What the machine has, when memory was to follow it.
  struct Memory: Encodable {
    let freeBytes: UInt64
    let reserveBytes: UInt64
    let weightBytes: UInt64
  }

  struct MatrixEntry: Encodable {
    let name: String
    /// The row of the tensor with which it begins; 0 unless the tensor is stored in parts.
    let firstRow: Int
    let levels: Int
    let levelsTotal: Int
  }

  let name: String
  /// Bytes of the file, which are the bytes to transfer.
  let fileBytes: UInt64
  let residentBytes: UInt64
  let publishedBytes: UInt64
  let baseBytes: UInt64
  let blocks: Int
  let blocksTotal: Int
  /// Levels, averaged over the matrices.
  let meanLevels: Double
  let meanLevelsTotal: Double
  /// What is left of the budget for the file, when there was one.
  let leftOverBytes: UInt64?
  let memory: Memory?
  let next: Next?
  /// The measured quality of the nearest smaller cut, when the publisher measured any.
  let quality: Double?
  let qualityMetric: String?
  let matrices: [MatrixEntry]
}

extension PlanReport {
  /// - Throws: `BUDGET_TOO_SMALL` naming the least that would do.
  init(
    _ model: NamedModel, budget: Budget, memory allowance: MemoryAllowance?
  ) throws(BSTKError) {
    let manifest = model.manifest
    let cut = try manifest.cut(within: budget)
    name = model.name
    fileBytes = cut.fileByteCount
    residentBytes = cut.residentByteCount
    publishedBytes = manifest.header.storedByteCount
    baseBytes = manifest.header.baseEnd
    blocks = cut.blockCount
    blocksTotal = manifest.blockCount
    let levels = manifest.levelCounts(ofChunks: cut.chunkCount)
    let divisor = Double(max(levels.count, 1))
    meanLevels = Double(levels.reduce(0, +)) / divisor
    meanLevelsTotal = Double(manifest.blockCount) / divisor
    leftOverBytes = budget.fileByteCount.map { $0 - cut.fileByteCount }
    memory = allowance.map {
      Memory(
        freeBytes: $0.bound.freeByteCount, reserveBytes: $0.reserveByteCount,
        weightBytes: $0.weightByteCount())
    }
    next = Next(after: cut, in: manifest)
    let table = manifest.extensions.quality
    quality = table?.value(atChunkCount: cut.chunkCount)
    qualityMetric = quality == nil ? nil : table?.metric.name
    matrices = zip(manifest.matrices, levels).map { matrix, count in
      MatrixEntry(
        name: matrix.name, firstRow: matrix.firstRow, levels: count,
        levelsTotal: matrix.levelCount)
    }
  }

  /// Prints the report for people.
  ///
  /// - Parameter finding: What was found of the machine's memory, where that decides.
  func print(finding: String? = nil) {
    var facts = Facts()
    facts.add("model", name)
    facts.add("file", "\(ByteFormat.both(fileBytes)) of \(ByteFormat.both(publishedBytes))")
    facts.add("memory", "\(ByteFormat.both(residentBytes)) of weights as they are packed")
    if let finding { facts.add("", finding) }
    facts.add("blocks", "\(blocks) of \(blocksTotal)")
    facts.add(
      "levels",
      "\(ByteFormat.fixed(meanLevels, decimals: 2)) of "
        + "\(ByteFormat.fixed(meanLevelsTotal, decimals: 2)) on average")
    if let quality, let qualityMetric {
      facts.add("quality", "\(qualityMetric) \(ByteFormat.fixed(quality, decimals: 2)) or better")
    }
    if let leftOverBytes { facts.add("left over", ByteFormat.both(leftOverBytes)) }
    if let next {
      facts.add(
        "next block",
        "\(ByteFormat.decimal(next.bytes)) for level \(next.level) of \(next.matrix)"
          + (next.firstRow > 0 ? " from row \(next.firstRow) on; " : "; ")
          + "ask for \(ByteFormat.grouped(next.fileBytes)) bytes")
    }
    facts.print()
    Console.out()
    var table = Table([.text("matrix"), .number("levels")])
    for parts in matrices.byTensor(\.firstRow) {
      let levels = ModelReport.span(parts.map(\.levels))
      let total = ModelReport.span(parts.map(\.levelsTotal))
      table.add([parts.first?.name ?? "", "\(levels)/\(total)"])
    }
    table.print()
  }
}

extension PlanReport.Next {
  /// The block that follows a cut; nothing after the last.
  fileprivate init?(after cut: Cut, in manifest: Manifest) {
    guard cut.chunkCount < manifest.chunks.count,
      case .block(let matrix, let level, _, _) = manifest.chunks[cut.chunkCount].contents
    else { return nil }
    self.matrix = manifest.matrices[matrix].name
    firstRow = manifest.matrices[matrix].firstRow
    self.level = level
    fileBytes = manifest.chunkEnd(cut.chunkCount)
    bytes = fileBytes - cut.fileByteCount
  }
}
