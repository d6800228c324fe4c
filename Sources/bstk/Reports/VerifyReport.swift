internal import BSTKCodec
internal import BSTKFormat
internal import BSTKStore

/// What `bstk verify` found.
struct VerifyReport: Encodable {
  let prefix: StateSummary
  let bytes: UInt64
  let hashedBytes: UInt64
  let rootDigest: String
  /// Why the file is not good, when it is not.
  let error: ErrorReport?

  /// - Parameter isStrict: whether bytes of an unfinished chunk make the file bad.
  init(_ file: ModelFile, _ found: VerificationReport, isStrict: Bool) {
    prefix = StateSummary(
      found.state, chunkCount: found.verifiedChunkCount, of: file.manifest)
    bytes = file.byteCount
    hashedBytes = found.hashedByteCount
    rootDigest = file.manifest.rootDigest.hex
    error = Self.fault(file, found, isStrict: isStrict).map { ErrorReport($0) }
  }

  /// Prints the report for people, without the error.
  func print() {
    var facts = Facts()
    facts.add("state", prefix.text)
    facts.add("chunks", "\(prefix.chunks) of \(prefix.chunksTotal) verified")
    facts.add("blocks", "\(prefix.blocks) of \(prefix.blocksTotal)")
    facts.add("size", ByteFormat.both(bytes))
    facts.add("root digest", rootDigest)
    facts.print()
  }

  private static func fault(
    _ file: ModelFile, _ found: VerificationReport, isStrict: Bool
  ) -> BSTKError? {
    if let fault = found.fault { return fault }
    do throws(BSTKError) { try file.requireUsable() } catch { return error }
    guard isStrict, case .prefix(_, let tail) = found.state, tail > 0 else { return nil }
    return BSTKError(
      .overlong, "\(tail) bytes of an unfinished chunk follow the last whole one",
      offset: file.byteCount - tail, section: .tail)
  }
}
