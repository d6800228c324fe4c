/// What `bstk trim` did.
struct TrimReport: Encodable {
  let file: String
  let bytesBefore: UInt64
  let bytes: UInt64
  let blocks: Int
  let blocksTotal: Int

  /// One line for people.
  var text: String {
    "\(file.printable): \(ByteFormat.both(bytes)) instead of \(ByteFormat.both(bytesBefore)), "
      + "\(blocks) of \(blocksTotal) blocks"
  }
}
