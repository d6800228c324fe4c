internal import BSTKModelFiles
internal import BSTKCodec
internal import BSTKFormat
internal import BSTKCompression
internal import BSTKServer
internal import BSTKStore
internal import BSTKTransport

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The whole life of a model file, on this machine: made, published, fetched, grown, shrunk, exported.
struct Journey {
  /// Path of the model folder to begin with.
  let source: String
  let folder: HuggingFaceFolder
  let work: WorkFolder
  let cancellation: Cancellation
  /// Called with each line of the story.
  let tell: (String) -> Void

  /// A text in the model's folder that it is calibrated on.
  private static let calibrationName = "calibration.txt"

  private var published: String { "\(work.path)/published/model.bstk" }
  private var client: String { "\(work.path)/client/model.bstk" }
  private var exported: String { "\(work.path)/client/exported" }

  /// Walks the whole way.
  ///
  /// - Returns: a row for each fetch and for the trim.
  /// - Throws: ``BSTKError``, also when a file is not what it must be.
  func walk() async throws -> [JourneyStep] {
    let manifest = try compress()
    let meter = TrafficMeter()
    let server = RangeServer(
      root: "\(work.path)/published", listsDirectories: false, log: meter.record)
    try server.start()
    defer { server.stop() }
    let address = "\(server.baseURL)model.bstk"
    say("publish", address)

    var steps: [JourneyStep] = []
    for budget in Self.budgets(manifest) {
      let step = try await fetch(address, budget, meter: meter)
      steps.append(step)
    }
    try comparePrefixes(to: steps)
    if let first = steps.first { steps.append(try trim(to: first)) }
    try export()
    return steps
  }

  // MARK: The stations

  private func compress() throws -> Manifest {
    let text = "\(source)/\(Self.calibrationName)"
    let isCalibrated = FileManager.default.fileExists(atPath: text)
    var profile = BestProfile(folder: folder, cancellation: cancellation)
    profile.options.creator = Bstk.creator
    let sourceByteCount = folder.tensors.reduce(0) { $0 + $1.byteCount }
    let bar = StepBar(.automatic)
    defer { bar.finish() }
    let result = try profile.run(
      to: published, knowing: isCalibrated ? .text(text) : .none,
      progress: { CompressReport.update(bar, $0) })
    bar.finish()
    let header = result.manifest.header
    say(
      "compress",
      "\(source), \(profile.options.planeCount) planes, "
        + (isCalibrated ? "calibrated on \(Self.calibrationName)" : "without a calibration text"))
    say(
      "inspect",
      "\(ByteFormat.decimal(UInt64(sourceByteCount))) of tensors became "
        + "\(ByteFormat.decimal(header.storedByteCount)): \(result.matrices.count) matrices in "
        + "\(result.manifest.blockCount) blocks, usable from \(ByteFormat.decimal(header.baseEnd)) on"
    )
    say("", "root digest \(result.manifest.rootDigest)")
    return result.manifest
  }

  /// Three budgets in whole hundredths of a megabyte: near the least, in the middle, everything.
  static func budgets(_ manifest: Manifest) -> [UInt64] {
    let base = manifest.header.baseEnd
    let stack = manifest.header.storedByteCount - base
    return [base + stack / 8, base + stack / 2, base + stack].map(roundedUp)
  }

  private static func roundedUp(_ byteCount: UInt64) -> UInt64 {
    (byteCount + 9_999) / 10_000 * 10_000
  }

  private static func megabytes(_ byteCount: UInt64) -> String {
    ByteFormat.fixed(Double(roundedUp(byteCount)) / 1e6, decimals: 2)
  }

  private func fetch(
    _ address: String, _ budget: UInt64, meter: TrafficMeter
  ) async throws -> JourneyStep {
    let text = "--mb \(Self.megabytes(budget))"
    try cancellation.check()
    _ = meter.take()
    try await Fetcher().fetch(
      FetchRequest(sources: [address], output: client, budget: Budget(fileByteCount: budget)))
    let moved = meter.take()
    let step = try look(at: client, "fetch \(text)", moved: moved.bytes)
    let requests = ByteFormat.count(moved.requests, "request")
    say("fetch", "\(text) moved \(ByteFormat.decimal(moved.bytes)) in \(requests)")
    return step
  }

  /// What `head -c` of the published file would give is the same model as the fetched one.
  private func comparePrefixes(to steps: [JourneyStep]) throws {
    let head = "\(work.path)/client/head.bstk"
    for step in steps {
      try PublishedFile.copy(published, first: step.fileByteCount, to: head)
      let report = try ModelFile(head).verify()
      guard report.fault == nil, report.state.description == step.state else {
        throw BSTKError(.chunkHash, "the first \(step.fileByteCount) bytes are \(report.state)")
      }
    }
    try FileSystem.remove(head)
    try PublishedFile.requirePrefix(client, of: published)
    let sizes = steps.map { "\($0.fileByteCount)" }.joined(separator: ", ")
    say("head -c", "\(sizes) of the published file: the same models, byte for byte")
  }

  private func trim(to first: JourneyStep) throws -> JourneyStep {
    try ModelFile.trim(client, to: Budget(fileByteCount: Self.roundedUp(first.fileByteCount)))
    try PublishedFile.requirePrefix(client, of: published)
    let text = "--mb \(Self.megabytes(first.fileByteCount))"
    say("trim", "\(text): the first fetch again, byte for byte")
    return try look(at: client, "trim \(text)", moved: 0)
  }

  private func export() throws {
    var options = ExportOptions()
    options.replacesExisting = true
    try Exporter(options: options).export(
      BSTKWeights(ModelFile(published)), to: exported,
      isCancelled: { cancellation.isRequested })
    let result = try HuggingFaceFolder(path: exported)
    say(
      "export",
      "\(result.tensors.count) tensors and \(result.auxiliaryFiles.count) files, as transformers "
        + "loads them")
  }

  // MARK: Help

  private func look(
    at path: String, _ name: String, moved: UInt64
  ) throws -> JourneyStep {
    let file = try ModelFile(path)
    let report = try file.verify()
    if let fault = report.fault { throw fault }
    let errors = try RelativeErrors(of: BSTKWeights(file), against: folder)
    return JourneyStep(
      name: name, fileByteCount: file.byteCount, movedByteCount: moved,
      blockCount: file.blockCount, blocksTotal: file.manifest.blockCount,
      state: report.state.description, relativeError: errors.total)
  }

  private func say(_ station: String, _ text: String) {
    tell(station + String(repeating: " ", count: max(1, 10 - station.count)) + text)
  }
}
