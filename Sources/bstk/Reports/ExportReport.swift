/// What `bstk export` wrote.
struct ExportReport: Encodable {
  /// The folder, or nil when it is a file.
  let folder: String?
  /// The GGUF file.
  let file: String?
  let tensorBytes: UInt64
  let blocks: Int
  let blocksTotal: Int
  /// Bytes of the prefix that was exported.
  let fileBytes: UInt64
  /// Matrices of a GGUF file that are fp16 because their rows are not whole blocks.
  let unquantized: [String]?

  /// For people: a line, and one more where matrices have another type than was asked for.
  var text: String {
    let line =
      "\((folder ?? file ?? "").printable): \(ByteFormat.both(tensorBytes)) of tensors from "
      + "\(ByteFormat.both(fileBytes)), \(blocks) of \(blocksTotal) blocks"
    guard let unquantized, let first = unquantized.first else { return line }
    let others = unquantized.count > 1 ? " and \(unquantized.count - 1) more" : ""
    return line + "\nin fp16, as their rows are no multiple of 32: \(first.printable)\(others)"
  }
}
