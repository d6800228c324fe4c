/// A prefix of a file that ends on a whole chunk at or behind the base.
public struct Cut: Hashable, Sendable {
  /// Whole chunks.
  public let chunkCount: Int
  /// Blocks of matrices among them.
  public let blockCount: Int
  /// Bytes of the prefix.
  public let fileByteCount: UInt64
  /// Bytes of its weights in memory: decoded dense tensors and packed blocks.
  public let residentByteCount: UInt64
}

extension Manifest {
  /// The cut after `chunkCount` chunks.
  ///
  /// - Precondition: `chunkCount` is between ``baseChunkCount`` and the number of chunks.
  public func cut(afterChunks chunkCount: Int) -> Cut {
    precondition((baseChunkCount...chunks.count).contains(chunkCount), "a cut includes the base")
    let resident = (tileCount..<chunkCount).reduce(residentBaseTensorByteCount) {
      $0 + UInt64(payloadByteCount(ofChunk: $1))
    }
    return Cut(
      chunkCount: chunkCount, blockCount: blockCount(ofChunks: chunkCount),
      fileByteCount: byteCount(ofChunks: chunkCount), residentByteCount: resident)
  }

  /// The largest cut within `budget`.
  ///
  /// - Throws: `BUDGET_TOO_SMALL` naming the least that would do.
  public func cut(within budget: Budget) throws(BSTKError) -> Cut {
    var best = cut(afterChunks: baseChunkCount)
    if let bound = budget.fileByteCount, best.fileByteCount > bound {
      throw Self.tooSmall("\(bound) bytes", needed: best.fileByteCount, option: "--mb")
    }
    if let bound = budget.residentByteCount, best.residentByteCount > bound {
      throw Self.tooSmall(
        "\(bound) bytes of memory", needed: best.residentByteCount, option: "--ram")
    }
    if let bound = budget.blockCount, best.blockCount > bound {
      throw BSTKError(
        .budget, "the base has \(best.blockCount) blocks, more than \(bound)",
        remedy: "ask for at least --blocks \(best.blockCount)")
    }
    while best.chunkCount < chunks.count {
      let index = best.chunkCount
      let next = Cut(
        chunkCount: index + 1, blockCount: best.blockCount + 1, fileByteCount: chunkEnd(index),
        residentByteCount: best.residentByteCount + UInt64(payloadByteCount(ofChunk: index)))
      guard next.fileByteCount <= budget.fileByteCount ?? .max,
        next.residentByteCount <= budget.residentByteCount ?? .max,
        next.blockCount <= budget.blockCount ?? .max
      else { break }
      best = next
    }
    return best
  }

  private var residentBaseTensorByteCount: UInt64 {
    objects.reduce(0) { sum, object in
      if case .tensor = object.contents { sum + object.byteCount } else { sum }
    }
  }

  private static func tooSmall(_ bound: String, needed: UInt64, option: String) -> BSTKError {
    // Rounded up to a hundredth of a megabyte, so that the number named is enough.
    let hundredths = needed / 10_000 + (needed % 10_000 == 0 ? 0 : 1)
    let fraction = hundredths % 100
    let megabytes = "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    return BSTKError(
      .budget, "this model needs at least \(megabytes) MB (\(needed) bytes), more than \(bound)",
      remedy: "ask for at least \(option) \(megabytes)")
  }
}
