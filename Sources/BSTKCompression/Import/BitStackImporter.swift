public import BSTKFormat
internal import BSTKModelFiles
internal import BSTKStore

/// Brings checkpoints of the BitStack reference implementation into a `.bstk` file: signs and
/// vectors bit for bit, in the order of their own `compression_config.json`.
///
/// Source: github.com/xinghaow99/BitStack at 9f333d6; layout of `qweight_b`, `u_b`, `vt_b`.
public struct BitStackImporter {
  private let folder: HuggingFaceFolder
  private let projections: [BitStackProjection]
  private let schedule: BitStackSchedule

  /// Opens a checkpoint and checks that its tensors and its schedule belong together.
  ///
  /// - Throws: `MODEL` when the folder is no such checkpoint or is incomplete.
  public init(folder path: String) throws(BSTKError) {
    folder = try HuggingFaceFolder(path: path)
    let marker = ".qweight_0"
    let prefixes = folder.tensors.map(\.name).filter { $0.hasSuffix(marker) }
      .map { String($0.dropLast(marker.count)) }
    guard !prefixes.isEmpty else {
      throw BSTKError(
        .model, "\(path) has no BitStack blocks",
        remedy: "use `bstk compress` for a model that is not compressed yet")
    }
    var projections: [BitStackProjection] = []
    var names: Set<String> = []
    for prefix in prefixes {
      let projection = try BitStackProjection(prefix: prefix, in: folder)
      guard names.insert(projection.scheduleName).inserted else {
        throw Self.fault("\(path) has two projections that are \(projection.scheduleName)")
      }
      projections.append(projection)
    }
    self.projections = projections
    let known = Set(projections.flatMap(\.tensorNames))
    if let stray = folder.tensors.first(where: {
      BitStackProjection.isPartName($0.name) && !known.contains($0.name)
    }) {
      throw Self.fault("\(stray.name) belongs to no whole block; one before it is missing")
    }
    let json = try FileHandle("\(path)/compression_config.json", .read)
      .allBytes(limit: Self.scheduleByteLimit)
    schedule = try BitStackSchedule(json: json.span)
    try checkSchedule()
  }

  /// The schedule of a 405B model has about 510 MB.
  private static let scheduleByteLimit: UInt64 = 1 << 30

  private func checkSchedule() throws(BSTKError) {
    let known = Dictionary(uniqueKeysWithValues: projections.map { ($0.scheduleName, $0) })
    guard schedule.blockCounts.count == known.count else {
      throw Self.fault(
        "compression_config.json names \(schedule.blockCounts.count) projections, the weights"
          + " have \(known.count)")
    }
    for (name, count) in schedule.blockCounts {
      guard let projection = known[name] else {
        throw Self.fault("compression_config.json names \(name), which has no blocks")
      }
      guard count <= projection.ranks.count else {
        throw Self.fault(
          "compression_config.json asks for \(count) blocks of \(name), which has"
            + " \(projection.ranks.count)")
      }
    }
    var levels = known.mapValues { _ in 1 }
    for (step, name) in schedule.steps.enumerated() {
      guard let projection = known[name], let level = levels[name] else { continue }
      let rank = projection.ranks[level]
      let byteCount = projection.byteCount(rank: rank)
      guard schedule.stepByteCounts[step] == byteCount else {
        throw Self.fault(
          "entry \(step + 1) of compression_config.json adds \(schedule.stepByteCounts[step])"
            + " bytes, the block of \(name) has \(byteCount)")
      }
      levels[name] = level + 1
    }
  }

  private static func fault(_ message: String) -> BSTKError {
    BSTKError(
      .model, message, remedy: "take weights and compression_config.json from one checkpoint")
  }

  /// The bytes of the blocks that ``write(to:progress:)`` writes, before padding.
  public var blockByteCount: UInt64 {
    projections.reduce(0) { sum, projection in
      let count = schedule.blockCounts[projection.scheduleName] ?? 1
      return projection.ranks.prefix(count).reduce(sum) { sum, rank in
        sum + UInt64(projection.byteCount(rank: rank))
      }
    }
  }

  /// Writes the file.
  ///
  /// Blocks that the schedule never loads are left out. The other tensors are kept as they are.
  ///
  /// - Parameter progress: Called between tensors and blocks with the bytes of blocks written so
  ///   far. Throwing cancels the import.
  /// - Throws: `FLOAT` when a vector is not finite, and what writing throws.
  public func write(
    to path: String, progress: (UInt64) throws(BSTKError) -> Void = { _ in }
  ) throws(BSTKError) -> Manifest {
    var writer = try ModelWriter(path)
    for name in folder.auxiliaryFiles {
      let bytes = try folder.auxiliaryBytes(name)
      try writer.addAuxiliary(name: name, bytes.span)
    }
    let blockTensors = Set(projections.flatMap(\.tensorNames))
    for tensor in folder.tensors where !blockTensors.contains(tensor.name) {
      try writer.addTensor(name: tensor.name, type: tensor.type, dimensions: tensor.shape) {
        range throws(BSTKError) in
        try progress(0)
        var bytes = [UInt8](repeating: 0, count: range.count)
        var span = bytes.mutableSpan
        try folder.readBytes(of: tensor.name, from: range.lowerBound, into: &span)
        return bytes
      }
    }
    var handles: [String: Int] = [:]
    var written: UInt64 = 0
    for projection in projections {
      let handle = writer.addMatrix(
        name: "\(projection.prefix).weight", sourceType: .f16, rows: projection.rows,
        columns: projection.columns)
      handles[projection.scheduleName] = handle
      for block in 0..<(schedule.blockCounts[projection.scheduleName] ?? 1) {
        let payload = try projection.payload(ofBlock: block, from: folder)
        _ = try writer.addBlock(
          matrix: handle, rank: projection.ranks[block], vectors: .f16, payload: payload.span)
        written += UInt64(projection.byteCount(rank: projection.ranks[block]))
        try progress(written)
      }
    }
    return try writer.finish(
      stack: stack(handles),
      extensions: IndexExtensions(provenance: "bstk import\nlayout=BitStack"))
  }

  private func stack(_ handles: [String: Int]) -> [(matrix: Int, level: Int)] {
    var levels: [String: Int] = [:]
    var stack: [(matrix: Int, level: Int)] = []
    for name in schedule.steps {
      guard let handle = handles[name] else { continue }
      let level = levels[name, default: 1]
      stack.append((handle, level))
      levels[name] = level + 1
    }
    return stack
  }
}
