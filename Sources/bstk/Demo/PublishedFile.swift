internal import BSTKFormat
internal import BSTKStore

/// Plain bytes of the published file, as `head -c` and `cmp` see them.
enum PublishedFile {
  private static let stepCount: UInt64 = 1 << 20

  /// Writes the first `byteCount` bytes of the file at `path` to `output`.
  static func copy(
    _ path: String, first byteCount: UInt64, to output: String
  ) throws(BSTKError) {
    let whole = try FileSource(path)
    var copy = try AtomicOutput(output)
    while copy.byteCount < byteCount {
      let count = Int(min(stepCount, byteCount - copy.byteCount))
      let bytes = try whole.bytes(at: copy.byteCount, count: count)
      try copy.append(bytes.span)
    }
    try copy.commit()
  }

  /// - Throws: `CHUNK_HASH` unless the file at `path` is a prefix of the one at `published`.
  static func requirePrefix(_ path: String, of published: String) throws(BSTKError) {
    let file = try FileSource(path)
    let whole = try FileSource(published)
    let end = try file.byteCount()
    for start in stride(from: 0, to: end, by: Int(stepCount)) {
      let count = Int(min(stepCount, end - start))
      guard try file.bytes(at: start, count: count) == whole.bytes(at: start, count: count) else {
        throw BSTKError(
          .chunkHash, "\(path) is not a prefix of the published file", offset: start)
      }
    }
  }
}
