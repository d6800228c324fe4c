/// What `bstk export` wrote.
struct ExportReport: Encodable {
  let folder: String
  let tensorBytes: UInt64
  let blocks: Int
  let blocksTotal: Int
  /// Bytes of the prefix that was exported.
  let fileBytes: UInt64

  /// One line for people.
  var text: String {
    "\(folder.printable): \(ByteFormat.both(tensorBytes)) of tensors from \(ByteFormat.both(fileBytes)), "
      + "\(blocks) of \(blocksTotal) blocks"
  }
}
