package import BSTKFormat

/// What a fetch has already stored in its partial file, kept beside it.
///
/// The journal is a hint that saves work; it is never proof. Every chunk it claims is hashed again
/// on the next start, and a chunk it claims in part is hashed once complete. So a missing, torn,
/// foreign or lying journal costs time or bytes and cannot damage a file.
///
/// It is a text file of records, each a line that was appended by one `write`:
///
///     bstk fetch journal 1
///     root 5b1c…            the root digest the ranges belong to
///     + 1048576 2097152     these bytes are stored (end excluded)
///     - 1048576 2097152     these turned out to be damaged
///
/// Appending rather than replacing means that `kill -9` loses no record. Against power loss
/// ``checkpoint(after:)`` flushes the data first and the records after it; a record appended in
/// between may claim bytes that are lost, which the hash then shows. The file is created as a
/// sibling, flushed and renamed, which also compacts the records of earlier runs.
package final class FetchJournal: Sendable {
  /// What a journal on disk says.
  package struct Contents: Equatable, Sendable {
    /// The root digest, in hexadecimal.
    package let root: String
    /// The bytes it claims are stored.
    package let present: ByteRangeSet

    /// Makes contents.
    package init(root: String, present: ByteRangeSet) {
      self.root = root
      self.present = present
    }
  }

  private static let title = "bstk fetch journal 1"
  /// Above this a journal is not read at all; a fetch of a terabyte writes about 40 MB.
  private static let byteLimit = 256 << 20

  private let file: OutputFile
  private let end: EndPosition

  /// Starts a journal, replacing one that is there.
  package init(_ path: String, contents: Contents) throws(BSTKError) {
    var text = "\(Self.title)\nroot \(contents.root)\n"
    for range in contents.present.ranges {
      text += "+ \(range.lowerBound) \(range.upperBound)\n"
    }
    let temporary = path + ".tmp"
    let file = try OutputFile(temporary, .updateOrCreate)
    try file.truncate(to: 0)
    let bytes = Array(text.utf8)
    try file.write(bytes.span, at: 0)
    try file.synchronize()
    try FileSystem.rename(temporary, to: path)
    self.file = file
    end = EndPosition(bytes.count)
  }

  /// Records that a range is stored. Call after the bytes were written.
  package func recordStored(_ range: Range<Int>) throws(BSTKError) {
    try append("+ \(range.lowerBound) \(range.upperBound)\n")
  }

  /// Records that a range is damaged and counts as missing.
  package func recordDamaged(_ range: Range<Int>) throws(BSTKError) {
    try append("- \(range.lowerBound) \(range.upperBound)\n")
  }

  /// Makes everything recorded so far safe against power loss: the data first, then the records.
  package func checkpoint(after data: OutputFile) throws(BSTKError) {
    try data.synchronize()
    try file.synchronize()
  }

  private func append(_ line: String) throws(BSTKError) {
    let bytes = Array(line.utf8)
    try file.write(bytes.span, at: end.advance(by: bytes.count))
  }

  /// Reads a journal; nil when there is none or it is not one this release understands.
  package static func load(_ path: String) -> Contents? {
    guard let file = try? OutputFile(path, .read),
      let count = try? file.byteCount(), count <= byteLimit,
      let bytes = try? file.bytes(at: 0, count: count)
    else { return nil }
    return parse(String(decoding: bytes, as: UTF8.self))
  }

  /// Reads records up to the first that is not whole: a torn end costs only what follows it.
  static func parse(_ text: String) -> Contents? {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    // What follows the last newline is a torn record, or nothing.
    guard lines.popLast() != nil, lines.popFirst() == title[...],
      let rootLine = lines.popFirst(), rootLine.hasPrefix("root ")
    else { return nil }
    let root = rootLine.dropFirst(5)
    guard root.utf8.count == 64 else { return nil }
    var present = ByteRangeSet()
    for line in lines {
      let fields = line.split(separator: " ")
      guard fields.count == 3, let start = Int(fields[1]), let end = Int(fields[2]),
        start >= 0, end >= start
      else { break }
      if fields[0] == "+" { present.insert(start..<end) } else { present.remove(start..<end) }
    }
    return Contents(root: String(root), present: present)
  }
}
