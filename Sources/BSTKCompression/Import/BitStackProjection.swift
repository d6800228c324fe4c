internal import BSTKFormat
internal import BSTKModelFiles

/// A decomposed projection of a published BitStack checkpoint: `P.qweight_b`, `P.u_b` and `P.vt_b`
/// for the blocks b = 0, 1, …
struct BitStackProjection {
  /// The prefix of its tensors, such as `model.layers.0.self_attn.q_proj`.
  let prefix: String
  /// Output features.
  let rows: Int
  /// Input features.
  let columns: Int
  /// The rank of each block.
  let ranks: [Int]

  /// The name the schedule uses: `layer.0.self_attn.q_proj`.
  var scheduleName: String {
    prefix.hasPrefix("model.layers.") ? "layer." + prefix.dropFirst("model.layers.".count) : prefix
  }

  /// Reads the shapes of every block.
  ///
  /// - Throws: `MODEL` when a block is incomplete or its tensors do not fit together.
  init(prefix: String, in folder: HuggingFaceFolder) throws(BSTKError) {
    self.prefix = prefix
    var ranks: [Int] = []
    var shape: (rows: Int, columns: Int)?
    while let signs = folder.tensor(named: "\(prefix).qweight_\(ranks.count)") {
      let block = ranks.count
      guard let u = folder.tensor(named: "\(prefix).u_\(block)"),
        let vt = folder.tensor(named: "\(prefix).vt_\(block)")
      else { throw Self.fault(prefix, block, "lacks its vectors") }
      guard signs.type == .u8, u.type == .f16, vt.type == .f16 else {
        throw Self.fault(
          prefix, block,
          "has types \(signs.type.name), \(u.type.name), \(vt.type.name);"
            + " U8, F16, F16 are expected")
      }
      guard u.shape.count == 2, vt.shape.count == 2, u.shape[1] == vt.shape[0] else {
        throw Self.fault(prefix, block, "has vectors of shapes \(u.shape) and \(vt.shape)")
      }
      let (rows, columns) = (u.shape[0], vt.shape[1])
      guard shape.map({ $0 == (rows, columns) }) ?? true else {
        throw Self.fault(prefix, block, "is \(rows) × \(columns), unlike the blocks before")
      }
      let layout = try BlockLayout(
        rows: rows, columns: columns, rank: u.shape[1], vectors: .f16)
      guard signs.shape == [layout.signByteCount] else {
        throw Self.fault(
          prefix, block, "has signs of shape \(signs.shape), not [\(layout.signByteCount)]")
      }
      shape = (rows, columns)
      ranks.append(layout.rank)
    }
    guard let shape else { throw Self.fault(prefix, 0, "is missing") }
    guard ranks.count <= Int(Limits.levelCount) else {
      throw BSTKError(
        .limit, "\(prefix) has \(ranks.count) blocks; the limit is \(Limits.levelCount)")
    }
    (rows, columns) = shape
    self.ranks = ranks
  }

  /// The bytes of a block as the checkpoint counts them.
  func byteCount(rank: Int) -> Int { rows * columns / 8 + 2 * rank * (rows + columns) }

  /// The payload of one block: the checkpoint's bytes in the container's layout.
  func payload(ofBlock block: Int, from folder: HuggingFaceFolder) throws(BSTKError) -> [UInt8] {
    let layout = try BlockLayout(
      rows: rows, columns: columns, rank: ranks[block], vectors: .f16)
    var bytes = [UInt8](repeating: 0, count: layout.byteCount)
    for (part, range) in [("qweight", layout.signs), ("u", layout.u), ("vt", layout.vt)] {
      var whole = bytes.mutableSpan
      var target = whole._mutatingExtracting(range)
      try folder.readBytes(of: "\(prefix).\(part)_\(block)", from: 0, into: &target)
    }
    return bytes
  }

  /// The tensors the projection consists of.
  var tensorNames: [String] {
    ranks.indices.flatMap { block in ["qweight", "u", "vt"].map { "\(prefix).\($0)_\(block)" } }
  }

  /// Whether a tensor's name is that of a block's part, `….qweight_3`.
  static func isPartName(_ name: String) -> Bool {
    guard let last = name.split(separator: ".").last else { return false }
    return ["qweight_", "u_", "vt_"].contains { part in
      last.hasPrefix(part) && last.count > part.count
        && last.dropFirst(part.count).allSatisfy { ("0"..."9").contains($0) }
    }
  }

  private static func fault(_ prefix: String, _ block: Int, _ message: String) -> BSTKError {
    BSTKError(
      .model, "block \(block) of \(prefix) \(message)",
      remedy: "import a checkpoint as the BitStack reference code writes it")
  }
}
