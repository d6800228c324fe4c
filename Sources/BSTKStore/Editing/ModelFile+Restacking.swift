internal import BSTKCodec
public import BSTKFormat

extension ModelFile {
  /// Writes a complete file again with its stack in another order.
  ///
  /// Chunks are copied as they are stored, each verified on the way; the result has another root
  /// digest, since the index names the new order.
  ///
  /// - Parameters:
  ///   - path: The file to write, which may be this file's own path.
  ///   - stack: Every block above the base as (matrix number, level), best first, levels of a
  ///     matrix ascending.
  ///   - worths: The worth of each block by matrix number and level, or nil to have none.
  ///   - extensions: Provenance and quality of the new file.
  ///   - progress: Called after each chunk with the chunks written and those in all. Throwing
  ///     leaves nothing under `path`.
  /// - Throws: `TOO_SHORT` when the file is only a prefix, `ORDER` or `TABLE` when the stack is
  ///   not one of this file's blocks, `FLAG`, and what reading and writing throws.
  @discardableResult
  public func restack(
    to path: String, stack: [(matrix: Int, level: Int)], worths: [[Float]]?,
    extensions: IndexExtensions,
    progress: (_ written: Int, _ total: Int) throws(BSTKError) -> Void = { _, _ in }
  ) throws(BSTKError) -> Manifest {
    guard case .complete = state else {
      throw BSTKError(
        .tooShort, "only a complete file can be stacked anew; this one is \(state)",
        offset: byteCount, section: .tail)
    }
    try requireWritable()
    let baseLevels = manifest.matrices.enumerated().flatMap { number, matrix in
      (0..<matrix.baseLevelCount).map { (matrix: number, level: $0) }
    }
    var order = Array(0..<manifest.tileCount)
    var orderedWorths: [Float] = []
    for (matrix, level) in baseLevels + stack {
      guard manifest.matrices.indices.contains(matrix),
        (0..<manifest.matrices[matrix].levelCount).contains(level)
      else { throw BSTKError(.order, "the stack names a block that is not in the file") }
      let blocks = manifest.blockChunks(ofMatrix: matrix)
      order.append(blocks[blocks.startIndex + level])
      if let worths { orderedWorths.append(worths[matrix][level]) }
    }
    var extensions = extensions
    extensions.worths = worths == nil ? nil : orderedWorths
    let start = try Manifest(
      matrices: manifest.matrices, objects: manifest.objects,
      chunks: order.map { manifest.chunks[$0] }, extensions: extensions
    ).serialized()
    let new = try Manifest(opening: start.span)
    var output = try AtomicOutput(path)
    try output.append(start.span)
    for (index, old) in order.enumerated() {
      try output.pad(to: new.chunkOffset(index))
      let stored = try verifiedBytes(ofChunk: old)
      try output.append(stored.span)
      try progress(index + 1, order.count)
    }
    try output.commit()
    return new
  }
}
