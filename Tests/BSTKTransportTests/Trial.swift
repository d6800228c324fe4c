import BSTKCodec
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKTransport

/// A published model, a folder for the output, and a fetch with short times.
struct Trial {
  /// About three megabytes in 30 chunks, made once.
  static let published = Result { try model(seed: 1) }

  static func model(seed: UInt64) throws -> [UInt8] {
    let matrices = (0..<4).map {
      SyntheticModel.Matrix("model.layers.0.m\($0).weight", rows: 1024, columns: 1024, levels: 6)
    }
    return try SyntheticModel(
      matrices: matrices, tensors: [("model.norm.weight", 900)], seed: seed
    ).bytes()
  }

  /// The stored bytes of a block, about 133 kB.
  static let chunkByteCount: Int = {
    guard let file = try? published.get(), let manifest = try? Manifest(opening: file.span) else {
      return 0
    }
    return manifest.chunks.map(\.storedByteCount).max() ?? 0
  }()

  let folder: TemporaryFolder
  let file: [UInt8]
  let manifest: Manifest
  private let events = EventLog()

  init() throws {
    folder = try TemporaryFolder()
    let file = try Self.published.get()
    self.file = file
    manifest = try Manifest(opening: file.span)
  }

  var output: String { folder.file("out.bstk") }

  static var tuning: FetchTuning {
    var tuning = FetchTuning()
    tuning.firstRequestByteCount = 256 << 10
    tuning.journalByteCount = 64 << 10
    tuning.minimumSpanByteCount = 64 << 10
    tuning.initialSpanByteCount = 128 << 10
    tuning.maximumSpanByteCount = 256 << 10
    tuning.minimumWindowByteCount = 1 << 20
    tuning.bufferByteCount = 64 << 10
    tuning.measurementSeconds = 0.05
    tuning.measurementRoundTrips = 0
    tuning.firstConnectionCount = 2
    tuning.spanSeconds = 0.001
    tuning.aloneSpanSeconds = 0
    tuning.trialWorthSeconds = 0
    tuning.stallSeconds = 1.5
    tuning.patienceSeconds = 0.1
    tuning.splitSeconds = 0.6
    tuning.maturitySeconds = 0.1
    tuning.maturityRoundTrips = 0
    tuning.patienceRoundTrips = 0
    tuning.takeoverSeconds = 0.2
    tuning.backoffBaseSeconds = 0.02
    tuning.backoffCapSeconds = 0.1
    tuning.retryAfterCapSeconds = 0.4
    tuning.resolveSeconds = 0.05
    tuning.hopelessSeconds = 20
    tuning.progressSeconds = 0.02
    return tuning
  }

  /// Fetches into ``output``.
  @discardableResult
  func fetch(
    _ sources: [String], _ budget: Budget = .unlimited, options: FetchOptions = FetchOptions(),
    tuning: FetchTuning = Trial.tuning
  ) async throws -> FetchSummary {
    let events = events
    return try await Fetcher(tuning: tuning).fetch(
      FetchRequest(sources: sources, output: output, budget: budget, options: options)
    ) { events.add($0) }
  }

  /// Fetches, expecting a failure with a code.
  func expectFailure(
    _ code: BSTKError.Code, _ sources: [String], _ budget: Budget = .unlimited,
    options: FetchOptions = FetchOptions(), tuning: FetchTuning = Trial.tuning,
    at location: SourceLocation = #_sourceLocation
  ) async {
    do {
      try await fetch(sources, budget, options: options, tuning: tuning)
      Issue.record("the fetch succeeded instead of failing with \(code)", sourceLocation: location)
    } catch let error as BSTKError {
      #expect(error.code == code, "\(error)", sourceLocation: location)
    } catch {
      Issue.record("\(error)", sourceLocation: location)
    }
    checkPartial(at: location)
  }

  /// Leaves a partial file behind by a server that goes away, and returns the bytes it sent.
  func interrupt(afterRequests count: Int = 5) async throws -> Int {
    let server = try FaultServer(file) { request, response in
      if request.number > count { response.become(404) }
    }
    defer { server.stop() }
    await expectFailure(.remoteMissing, [server.url()])
    return server.bodyByteCount
  }

  /// The output is the published file's prefix of this many bytes, and nothing else is left.
  func expectOutput(
    _ byteCount: Int? = nil, at location: SourceLocation = #_sourceLocation
  ) throws {
    let bytes = try folder.read("out.bstk")
    let expected = byteCount ?? file.count
    #expect(bytes.count == expected, sourceLocation: location)
    #expect(bytes.elementsEqual(file.prefix(expected)), "bytes differ", sourceLocation: location)
    #expect(try folder.contents() == ["out.bstk"], sourceLocation: location)
  }

  /// Whatever the journal says is stored equals the published file.
  func checkPartial(at location: SourceLocation = #_sourceLocation) {
    guard let bytes = try? folder.read("out.bstk.part"),
      let journal = FetchJournal.load(folder.file("out.bstk.part.journal"))
    else { return }
    for range in journal.present.ranges {
      guard range.upperBound <= min(bytes.count, file.count) else {
        Issue.record("the journal claims \(range)", sourceLocation: location)
        continue
      }
      let isEqual = bytes[range].elementsEqual(file[range])
      #expect(isEqual, "\(range) differs", sourceLocation: location)
    }
  }

  /// A cut of at most this many bytes.
  func cut(_ byteCount: Int) throws -> Cut {
    try manifest.cut(within: Budget(fileByteCount: UInt64(byteCount)))
  }

  var retries: [BSTKError] {
    events.all.compactMap { if case .retry(let error, _) = $0 { error } else { nil } }
  }

  var warnings: [String] {
    events.all.compactMap { if case .warning(let text) = $0 { text } else { nil } }
  }

  var log: [FetchEvent] { events.all }
}

/// Collects events from the fetch's thread.
final class EventLog: Sendable {
  private let events = Lock<[FetchEvent]>([])
  func add(_ event: FetchEvent) { events.withLock { $0.append(event) } }
  var all: [FetchEvent] { events.withLock { $0 } }
}
