import BSTKCodec
import BSTKFormat
import BSTKStore

extension FetchEngine {
  /// Looks for local sources; and for an output or a partial file, and takes the manifest from it: then the first request
  /// is only a comparison of headers.
  func openLocalFiles() throws(BSTKError) {
    for source in sources {
      // libcurl opens whatever is there and would wait for the other end of a FIFO.
      guard let path = source.origin.localPath else { continue }
      do throws(BSTKError) { _ = try FileHandle(path, .read) } catch { drop(source, error) }
    }
    guard task == .fetch, fatal == nil else { return }
    let partial = OutputPlan.partialPath(of: request.output)
    if FileSystem.exists(request.output) {
      // A fetch that was killed while it gave its file the final name left both.
      if FileSystem.areSame(partial, request.output) {
        try FileSystem.remove(partial)
        try FileSystem.remove(OutputPlan.journalPath(of: request.output))
      }
      let prefix = OutputPlan.prefixPath(of: request.output)
      if FileSystem.areSame(prefix, request.output) { try FileSystem.remove(prefix) }
      guard !FileSystem.areSame(partial, request.output, followsLinks: true) else {
        throw BSTKError(
          .exists, "\(request.output) is a link to \(partial), in which a fetch of it would gather",
          remedy: "choose another output")
      }
      let bytes: [UInt8]
      do throws(BSTKError) {
        bytes = try Self.manifestBytes(in: try OutputFile(request.output, .read))
      } catch {
        throw BSTKError(
          .exists, "\(request.output) exists and is not a model to grow: \(error.message)",
          remedy: "choose another output")
      }
      try adopt(bytes)
    } else if FileSystem.exists(partial),
      let bytes = try? Self.manifestBytes(in: try OutputFile(partial, .read))
    {
      try adopt(bytes)
    }
  }

  private func adopt(_ bytes: [UInt8]) throws(BSTKError) {
    let manifest = try Manifest(opening: bytes.span)
    if let pinnedRoot, manifest.rootDigest != pinnedRoot {
      // A partial file of something else: it is replaced.
      guard FileSystem.exists(request.output) else { return }
      throw otherEdition()
    }
    manifestBytes = bytes
    hasLocalManifest = true
    try plan(manifest)
  }

  private func otherEdition() -> BSTKError {
    BSTKError(
      .remoteChanged, "\(request.output) holds another edition of the model than the server",
      offset: 0, section: .header,
      remedy: "choose another output, or remove the file to replace it")
  }

  /// Header and index at the start of a file, when they are whole and sound.
  private static func manifestBytes(in file: OutputFile) throws(BSTKError) -> [UInt8] {
    let head = try file.bytes(at: 0, count: Limits.headerByteCount)
    let header = try Header(parsing: head.span)
    let bytes = try file.bytes(at: 0, count: Int(header.indexEnd))
    _ = try Manifest(opening: bytes.span)
    return bytes
  }

  // MARK: From the network

  // SAFETY: `bytes` is libcurl's buffer, valid during its callback; nothing keeps it.

  /// Takes body bytes of an opening request; what lies behind the index goes on as data.
  func receiveOpening(
    _ bytes: UnsafeBufferPointer<UInt8>, for transfer: Transfer
  ) throws(BSTKError) {
    var rest = unsafe bytes
    let manifest: Manifest
    do throws(BSTKError) {
      while true {
        let wanted = try openingByteCount() - manifestBytes.count
        if wanted <= 0 { break }
        let taken = min(wanted, rest.count)
        if taken == 0 { return }
        unsafe manifestBytes.append(contentsOf: rest.prefix(taken))
        transfer.position += taken
        unsafe rest = unsafe UnsafeBufferPointer(rebasing: rest.dropFirst(taken))
        if manifestBytes.count > transfer.source.manifestByteRecord {
          transfer.source.manifestByteRecord = manifestBytes.count
          transfer.hasProgressed = true
          lastProgress = clock.now
        }
      }
      let known = manifestBytes
      manifest = try Manifest(opening: known.span, root: pinnedRoot)
      transfer.source.hasJoined = true
      transfer.source.attempts = Attempts()
      try checkLength(of: transfer.source, manifest)
    } catch {
      // The fault of this source; a mirror may have what is wanted.
      transfer.source.hasJoined = false
      transfer.failure = TransferFailure(.final, error)
      return
    }
    if task == .open {
      openedAnswer = RemoteManifest(
        manifest: manifest, rootDigest: manifest.rootDigest,
        byteCount: transfer.source.pinnedTotal.map(UInt64.init),
        supportsRanges: !transfer.source.knowsNoRanges, receivedByteCount: UInt64(bodyByteCount),
        requestCount: requestCount)
      transfer.end = transfer.position
      return
    }
    payloadByteCount += manifestBytes.count
    try plan(manifest)
    announce()
    transfer.becomeData(
      isStream: transfer.source.knowsNoRanges,
      end: transfer.source.knowsNoRanges ? limit : min(transfer.end, limit))
    if transfer.purpose == .data {
      claimed.insert(transfer.position..<max(transfer.position, transfer.end))
    }
    if !rest.isEmpty, transfer.position < transfer.end {
      unsafe receiveData(rest, for: transfer)
    }
  }

  /// How many bytes from the start are needed next: the header, then header and index.
  func openingByteCount() throws(BSTKError) -> Int {
    guard manifestBytes.count >= Limits.headerByteCount else { return Limits.headerByteCount }
    let bytes = manifestBytes
    return Int(try Header(parsing: bytes.span).indexEnd)
  }

  /// The lengths that a published file may have: at least up to the cut, at most the whole model.
  var possibleTotals: ClosedRange<Int> {
    guard let manifest else { return 0...Int.max }
    return limit...max(limit, Int(clamping: manifest.header.storedByteCount))
  }

  private func checkLength(of source: Source, _ manifest: Manifest) throws(BSTKError) {
    guard let total = source.pinnedTotal.map(UInt64.init) else { return }
    guard total <= manifest.header.storedByteCount else {
      throw BSTKError(
        .overlong,
        "\(source.origin.publicText) has \(total) bytes, the model "
          + "\(manifest.header.storedByteCount)", section: .tail,
        remedy: "the publisher's file is damaged; tell them")
    }
    guard task == .fetch else { return }
    let cut = try manifest.cut(within: request.budget)
    guard cut.fileByteCount <= total else {
      throw BSTKError(
        .remoteTruncated,
        "\(source.origin.publicText) offers only the first \(total) of "
          + "\(manifest.header.storedByteCount) bytes, the cut ends at \(cut.fileByteCount)",
        offset: total,
        remedy: (total < manifest.header.baseEnd ? "" : "ask for --mb \(total)B or less, or ")
          + "use another source")
    }
  }

  // MARK: The plan

  /// Sets up the files for the cut that the budget buys, keeping everything that is already here.
  func plan(_ manifest: Manifest) throws(BSTKError) {
    let cut = try manifest.cut(within: request.budget)
    let map = ChunkMap(manifest)
    wantedPieceCount = cut.chunkCount
    limit = map.end(ofPieces: cut.chunkCount)
    var local = LocalState()
    let stop: () -> Bool = { [self] in
      takeMessages()
      return isCancelled
    }
    let grows = FileSystem.exists(request.output)
    if grows {
      let output = try OutputFile(request.output, .read)
      try local.examine(output: output, map: map, isCancelled: stop)
      if isCancelled { throw Self.cancelled }
    }
    var partial: OutputFile?
    if !(0..<wantedPieceCount).allSatisfy(local.verified.contains) {
      // Fails now rather than after the download when the output may not be changed.
      if grows { _ = try OutputFile(request.output, .update) }
      let file = try OutputFile.exclusive(OutputPlan.partialPath(of: request.output))
      partial = file
      // Left by a kill, if at all; nobody else has one while the partial file is ours.
      try FileSystem.remove(OutputPlan.prefixPath(of: request.output))
      let journalPath = OutputPlan.journalPath(of: request.output)
      let root = manifest.rootDigest.hex
      let journal = FetchJournal.load(journalPath)
      try local.examine(
        partial: file, journaled: journal.flatMap { $0.root == root ? $0.present : nil }, map: map,
        isCancelled: stop)
      // Before a journal is written that would know only of what was examined so far.
      if isCancelled { throw Self.cancelled }
      do throws(BSTKError) {
        try demandSpace(for: local, map, grows: grows)
      } catch {
        if try file.byteCount() == 0 { try FileSystem.remove(file.path) }
        throw error
      }
      let known = manifestBytes
      if !grows { try file.write(known.span, at: 0) }
      store = PieceStore(
        map: map, file: file,
        journal: try FetchJournal(journalPath, contents: .init(root: root, present: local.present)),
        local: local, tuning: tuning, kept: kept
      ) { [inbox] in inbox.post(.storage($0)) }
    }
    self.manifest = manifest
    files = OutputPlan(
      map: map, output: grows ? request.output : nil, partial: partial, local: local)
    received = local.present
    received.insert(0..<map.manifestEnd)
    verified = map.pieces.indices.map(local.verified.contains)
    for index in local.verified { received.insert(map.pieces[index].range) }
    claimed = received
    opening = FetchOpening(
      manifest: manifest, rootDigest: manifest.rootDigest, cut: cut,
      presentByteCount: UInt64(
        received.gaps(in: 0..<limit).reduce(limit) { $0 - $1.count }
          - (hasLocalManifest ? 0 : map.manifestEnd)))
    isAnnounced = false
    watermark = 0
    advanceWatermark()
    store?.start()
  }

  /// Fails before chunks are moved when the disk cannot take them. For an output that grows there
  /// must be room twice: new chunks are gathered in the partial file and copied from it.
  private func demandSpace(
    for local: LocalState, _ map: ChunkMap, grows: Bool
  ) throws(BSTKError) {
    guard !isCancelled, let free = FileSystem.freeByteCount(at: request.output) else { return }
    var present = local.present
    for index in local.verified { present.insert(map.pieces[index].range) }
    var needed = present.gaps(in: map.manifestEnd..<limit).reduce(0) { $0 + $1.count }
    if grows {
      needed += (0..<wantedPieceCount).filter { !local.inOutput.contains($0) }
        .reduce(0) { $0 + map.pieces[$1].range.count }
    }
    guard needed > free else { return }
    throw BSTKError(
      .io, "\(request.output) needs \(needed) more bytes, and the disk has \(free) free",
      remedy: "free some space and run the command again")
  }

  /// Tells about the plan, once it is certain that the server has this file.
  func announce() {
    guard !isAnnounced, let opening else { return }
    isAnnounced = true
    onEvent(.opened(opening))
    tellWatermark()
  }

  /// Compares the header a source serves with the one we work with.
  func finishCheck(_ transfer: Transfer) {
    let source = transfer.source
    let header = manifestBytes.prefix(Limits.headerByteCount)
    guard !header.elementsEqual(transfer.headerBytes) else {
      // Same file: a tag or length that changed nevertheless is worth nothing.
      if source.isSuspected { source.ignoresTagAndLength = true }
      source.attempts = Attempts()
      source.isSuspected = false
      source.lastCheck = clock.now
      source.agrees = true
      source.differs = false
      source.pinnedTotal = transfer.head.contentRange?.total ?? source.pinnedTotal
      if let total = source.pinnedTotal, total < limit {
        drop(
          source,
          BSTKError(.remoteTruncated, "\(source.origin.publicText) has only \(total) bytes"))
      }
      return settle()
    }
    let served = transfer.headerBytes
    do throws(BSTKError) { _ = try Header(parsing: served.span) } catch {
      // No model at all, but the page of a login or of an error.
      return drop(
        source,
        BSTKError(
          error.code, "\(source.origin.publicText): \(error.message)", offset: error.offset,
          section: error.section, remedy: error.remedy))
    }
    let changed = BSTKError(
      .remoteChanged, "\(source.origin.publicText) now serves another file", offset: 0,
      section: .header, remedy: "run the same command again to fetch the new file")
    if source.isSuspected || sources.contains(where: { $0.hasJoined && $0 !== source }) {
      drop(source, changed)
    } else if let root = pinnedRoot, manifest?.rootDigest == root {
      drop(
        source,
        BSTKError(
          .rootDigest, "\(source.origin.publicText) does not serve the pinned file", offset: 0,
          section: .header))
    } else if !isFirstToDecide(source) {
      source.differs = true
    } else if files?.output != nil {
      drop(source, otherEdition())
    } else {
      // Fetched in part before, and replaced since: start over, keeping the chunks that are equal.
      onEvent(
        .warning(
          "the published file has changed, or the address is that of another one: of "
            + "\(OutputPlan.partialPath(of: request.output)) only chunks that are equal are kept"))
      // The old store lets go of the file, and has nothing more to report, before a new one begins.
      do throws(BSTKError) { try store?.drain() } catch { fatal = error }
      takeMessages()
      manifest = nil
      files = nil
      store = nil
      kept?.removeAll()
      manifestBytes = []
      hasLocalManifest = false
      // What others said was about the old one, and what they are about to say.
      for transfer in Array(transfers.values) where transfer.purpose == .check { retire(transfer) }
      for source in sources { (source.differs, source.agrees) = (false, false) }
    }
  }

  /// Lets sources with our header join. What a partial file holds is no word of the publisher's: as
  /// long as an earlier source may still answer that it is another file by now, later ones wait.
  func settle() {
    for source in sources where source.agrees && !source.hasJoined && source.fault == nil {
      let isCertain =
        pinnedRoot != nil || files?.output != nil || sources.contains(where: \.hasJoined)
        || sources.prefix(source.number).allSatisfy {
          $0.fault != nil || $0.attempts.count > 0 || $0.differs
        }
      guard isCertain else { continue }
      source.hasJoined = true
      announce()
    }
  }
}
