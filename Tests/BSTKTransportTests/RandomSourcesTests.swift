import BSTKCodec
import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKTransport

@Suite("One good source among others made up at random")
struct RandomSourcesTests {
  /// `BSTK_RANDOM_SEEDS=1000..<2000` tries others.
  private static let seeds: Range<UInt64> = {
    let ends = ProcessInfo.processInfo.environment["BSTK_RANDOM_SEEDS"]?.split(separator: "..<")
      .compactMap { UInt64($0) }
    guard let ends, ends.count == 2, ends[0] < ends[1] else { return 0..<15 }
    return ends[0]..<ends[1]
  }()

  @Test("is enough, whatever the others do", arguments: seeds)
  func fetches(seed: UInt64) async throws {
    var dice = SeededGenerator(seed: seed)
    let trial = try Trial()
    let stranger = try Trial.model(seed: 2)
    let good = Int.random(in: 0..<3, using: &dice)
    let profiles = (0...max(good, Int.random(in: 0..<3, using: &dice))).map { number in
      if number == good { return Oddity.bearable.randomElement(using: &dice) ?? [] }
      // Without a pinned root, who answers first says which file it is.
      return (0..<Int.random(in: 1...3, using: &dice)).compactMap { _ in
        Oddity.allCases.filter { $0 != .stranger || number > good }.randomElement(using: &dice)
      }
    }
    let start = Int(trial.manifest.header.indexEnd)
    let servers = try profiles.enumerated().map { number, profile in
      let damage = Int.random(in: start..<trial.file.count, using: &dice)
      return try FaultServer(trial.file) { [file = trial.file] request, response in
        var dice = SeededGenerator(
          seed: seed &* 1_000_003 &+ UInt64(number) &* 10_007 &+ UInt64(request.number))
        for oddity in profile {
          oddity.bend(
            request, &response, of: file, instead: stranger, damage: damage, dice: &dice)
        }
      }
    }
    defer { for server in servers { server.stop() } }
    let kept = Int(
      trial.manifest.chunkEnd(Int.random(in: 2..<trial.manifest.chunks.count, using: &dice)))
    switch Int.random(in: 0..<5, using: &dice) {
    case 0: try trial.folder.write(Array(trial.file.prefix(kept)), to: "out.bstk.part")
    case 1: try trial.folder.write(Array(trial.file.prefix(kept)), to: "out.bstk")
    case 2: try trial.folder.write(Array(stranger.prefix(kept)), to: "out.bstk.part")
    default: break
    }
    var tuning = Trial.tuning
    tuning.hopelessSeconds = 12
    tuning.retryAfterCapSeconds = 0.3
    tuning.stallSeconds = 0.8
    var options = FetchOptions()
    options.maximumConnectionCount = [1, 2, 16].randomElement(using: &dice) ?? 1
    let lookahead: Int? = [nil, nil, nil, 0, 50_000].randomElement(using: &dice) ?? nil
    do {
      let sources = servers.map { $0.url() }
      if let lookahead {
        let request = FetchRequest(sources: sources, output: trial.output, options: options)
        var count = 0
        for try await block in Fetcher(tuning: tuning)
          .verifiedBlocks(request, lookaheadByteCount: lookahead)
        {
          #expect(block.index == count)
          count += 1
        }
        #expect(count == trial.manifest.chunks.count)
      } else {
        try await trial.fetch(sources, options: options, tuning: tuning)
      }
      try trial.expectOutput()
    } catch {
      Issue.record("seed \(seed), \(profiles), good is \(good): \(error)")
    }
    #expect(servers.reduce(0) { $0 + $1.requests.count } < 600)
  }
}
