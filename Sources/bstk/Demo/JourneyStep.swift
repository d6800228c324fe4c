/// A station of the demonstration, as a row of its table.
struct JourneyStep {
  let name: String
  let fileByteCount: UInt64
  let movedByteCount: UInt64
  let blockCount: Int
  let blocksTotal: Int
  let state: String
  /// Of all matrices together, against the uncompressed model.
  let relativeError: Double

  /// The table of several steps.
  static func table(_ steps: [JourneyStep]) -> Table {
    var table = Table([
      .text("budget"), .number("bytes moved"), .number("file bytes"), .number("blocks"),
      .text("state"), .number("relative weight error"),
    ])
    for step in steps {
      table.add([
        step.name, ByteFormat.grouped(step.movedByteCount), ByteFormat.grouped(step.fileByteCount),
        "\(step.blockCount)/\(step.blocksTotal)", step.state,
        ByteFormat.fixed(step.relativeError, decimals: 4),
      ])
    }
    return table
  }
}
