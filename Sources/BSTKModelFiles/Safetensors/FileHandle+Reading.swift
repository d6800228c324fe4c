package import BSTKFormat
package import BSTKStore

extension FileHandle {
  /// Fills `buffer` with the bytes from `offset` on.
  ///
  /// - Throws: `IO` when the system refuses or the file ends first.
  func fill(_ buffer: inout MutableSpan<UInt8>, from offset: Int) throws(BSTKError) {
    let count = try read(at: UInt64(offset), into: &buffer)
    guard count == buffer.count else {
      throw BSTKError(
        .io, "\(path) ended while it was read", offset: UInt64(offset + count),
        remedy: "make sure that nothing else writes to the file")
    }
  }

  /// The bytes in `range`.
  package func bytes(_ range: Range<Int>) throws(BSTKError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var span = bytes.mutableSpan
    try fill(&span, from: range.lowerBound)
    return bytes
  }
}
