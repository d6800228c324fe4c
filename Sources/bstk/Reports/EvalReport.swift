internal import BSTKFormat
internal import BSTKInference

/// What `bstk eval` measured.
struct EvalReport: Encodable {
  /// One measurement.
  struct Row: Encodable {
    let name: String
    /// Bytes of the prefix; nil for a folder.
    let bytes: UInt64?
    let blocks: Int?
    /// Absent where the model gives no numbers.
    let perplexity: Double?
    let meanLoss: Double?
    let windows: Int

    init(name: String, cut: Cut?, perplexity: Perplexity) {
      self.name = name
      bytes = cut?.fileByteCount
      blocks = cut?.blockCount
      self.perplexity = perplexity.value.isFinite ? perplexity.value : nil
      meanLoss = perplexity.meanLoss.isFinite ? perplexity.meanLoss : nil
      windows = perplexity.windowCount
    }
  }

  let text: String
  let windowLength: Int
  let rows: [Row]

  init(text: String, windowLength: Int, rows: [Row]) {
    self.text = text
    self.windowLength = windowLength
    self.rows = rows
  }

  /// A table for people.
  func print() {
    var table = Table([
      .text("model"), .number("size"), .number("bytes"), .number("blocks"), .number("perplexity"),
    ])
    for row in rows {
      table.add([
        row.name, row.bytes.map(ByteFormat.decimal) ?? "source",
        row.bytes.map(ByteFormat.grouped) ?? "", row.blocks.map(String.init) ?? "",
        row.perplexity.map { ByteFormat.fixed($0, decimals: 3) } ?? "none",
      ])
    }
    table.print()
  }
}
