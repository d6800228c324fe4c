import BSTKFormat
import BSTKStore

/// Chunks whose hash does not match, and who is to blame.
extension FetchEngine {
  /// A chunk is whole and its hash does not match: only it is fetched again, as one span from one
  /// source, so that the next result says something about that source.
  func repair(_ damage: PieceVerifier.Damage) {
    guard let files else { return }
    let index = damage.index
    let piece = files.map.pieces[index]
    received.remove(piece.range)
    claimed.remove(piece.range)
    payloadByteCount -= damage.receivedByteCount
    damagedCount += 1
    let error = BSTKError(
      .chunkHash,
      "chunk \(index) does not match its SHA-256 (bytes \(piece.hashStart)-"
        + "\(piece.range.upperBound - 1))", offset: UInt64(piece.hashStart), section: .chunk(index))
    let contributors = contributors.removeValue(forKey: index) ?? []
    // Bytes of an earlier run are our own risk; no server is to blame for them.
    if !damage.isOurs {
      mismatchCount[index, default: 0] += 1
      if contributors.count == 1 { blame(contributors, for: index) }
      if let failure = failure(of: index, error) {
        if fatal == nil { fatal = failure }
        return
      }
    }
    troubles.append(
      Trouble(
        range: piece.range, attempts: Attempts(), notBefore: clock.now,
        avoided: blamed[index] ?? [], failedOn: nil,
        isRepair: true, isFresh: true))
    onEvent(.retry(error, delay: 0))
  }

  /// Remembers which source brought bytes of the chunks in a range.
  func noteContribution(of source: Source, in range: Range<Int>) {
    guard sources.count > 1, let map = files?.map else { return }
    var index = map.piece(endingAfter: range.lowerBound)
    while index < map.pieces.count, map.pieces[index].range.lowerBound < range.upperBound {
      if !verified[index] { contributors[index, default: []].insert(source.number) }
      index += 1
    }
  }

  /// A source that alone brought a damaged chunk is not asked for it again while there is another,
  /// and after several for nothing more.
  private func blame(_ numbers: Set<Int>, for index: Int) {
    guard let number = numbers.first, blamed[index, default: []].insert(number).inserted else {
      return
    }
    let source = sources[number]
    source.damagedChunkCount += 1
    if source.damagedChunkCount >= tuning.integrityAttemptLimit { distrust(source) }
  }

  /// Uses a source only when no other has the file, or when all others are such sources too.
  private func distrust(_ source: Source) {
    let hasOther = sources.contains { $0.fault == nil && $0.hasJoined && $0 !== source }
    guard !source.isDistrusted, hasOther else { return }
    source.isDistrusted = true
    onEvent(
      .warning(
        "\(source.origin.publicText) sends damaged chunks; it is left alone while another source "
          + "has the file"))
  }

  /// Whether a source has the file, may be taken at its word, and need not be waited for too long.
  private func isTrusted(_ source: Source) -> Bool {
    source.fault == nil && source.hasJoined && !source.isDistrusted
      && source.notBefore - clock.now < tuning.rangesPatienceSeconds
  }

  /// Whether a source is to be left alone for those that send better.
  func isOutdone(_ source: Source) -> Bool {
    source.isDistrusted && sources.contains(where: isTrusted)
  }

  /// Whether a source is to leave a range to another: to one that is at work, or, for a chunk it has
  /// sent damaged often enough, to one that still has to show which file it has.
  func mustLeave(_ trouble: Trouble, to candidates: [Source], _ source: Source) -> Bool {
    guard trouble.avoided.contains(source.number) else { return false }
    func isOther(_ other: Source) -> Bool { !trouble.avoided.contains(other.number) }
    if candidates.contains(where: isOther) { return true }
    guard trouble.isRepair, let map = files?.map else { return false }
    let count = mismatchCount[map.piece(endingAfter: trouble.range.lowerBound)] ?? 0
    return count >= tuning.integrityAttemptLimit
      && sources.contains {
        isOther($0) && $0.fault == nil && !isOutdone($0) && !($0.hasJoined && $0.knowsNoRanges)
      }
  }

  /// Why a chunk is given up, when it is: it was tried often enough, and no source is left that has
  /// not failed it.
  private func failure(of index: Int, _ error: BSTKError) -> BSTKError? {
    let count = mismatchCount[index] ?? 0
    let bound = tuning.integrityAttemptLimit
    let live = sources.filter { $0.fault == nil }
    let others = live.filter { !(blamed[index]?.contains($0.number) ?? false) }
    if (bound..<2 * bound * sources.count).contains(count), !others.isEmpty,
      others.allSatisfy({ $0.hasJoined && ($0.knowsNoRanges || isOutdone($0)) })
    {
      // These are used only where no other is to be trusted.
      let failed = live.filter { source in !others.contains { $0 === source } }
      for source in failed { distrust(source) }
      if others.allSatisfy(\.knowsNoRanges), !sources.contains(where: isTrusted) {
        // While one with ranges is used, one without is not.
        for source in failed { drop(source, error) }
      }
      return nil
    }
    let isHopeless = sources.count == 1 || others.isEmpty
    guard count >= (isHopeless ? bound : bound * sources.count) else { return nil }
    return BSTKError(
      .chunkHash, error.message + ", fetched \(count) times", offset: error.offset,
      section: error.section,
      remedy: "the publisher's copy is damaged; try a mirror. Everything else is kept")
  }
}
