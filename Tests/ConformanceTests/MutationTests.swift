import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

/// Whatever the bytes are, a reader answers with a result or an error of the Spec.
@Suite struct MutationTests {
  /// More on request: `BSTK_MUTATIONS=1000000 swift test -c release --filter MutationTests`.
  static let iterations =
    ProcessInfo.processInfo.environment["BSTK_MUTATIONS"].flatMap(Int.init) ?? 20_000
  static let seed: UInt64 = 20_261_121

  @Test func damagedFilesWithRightHashesAreAnsweredByCodes() {
    var mutator = Mutator(seed: Self.seed)
    let sources = ValidFixtures.all.map(\.bytes)
    var outcomes: [String: Int] = [:]
    for iteration in 0..<Self.iterations {
      outcomes[Self.outcome(mutator.mutate(sources[iteration % sources.count])), default: 0] +=
        1
    }
    print("mutations with seed \(Self.seed):", outcomes.sorted { $0.value > $1.value })
    #expect(outcomes.count >= 15, "too few rules were reached: \(outcomes)")
    #expect(outcomes["valid", default: 0] > 0)
  }

  @Test func noiseIsAnsweredByCodes() {
    var generator = SeededGenerator(seed: Self.seed)
    for _ in 0..<1000 {
      var bytes = generator.bytes(Int.random(in: 0..<2000, using: &generator))
      let start = Header.magic.prefix(bytes.count)
      if Bool.random(using: &generator) { bytes.replaceSubrange(..<start.count, with: start) }
      #expect(Self.outcome(bytes) != "valid")
    }
  }

  static func outcome(_ bytes: [UInt8]) -> String {
    do {
      let file = try ModelFile(MemorySource(bytes))
      let report = try file.verify()
      try file.requireUsable()
      if let fault = report.fault { return fault.code.rawValue }
      for matrix in file.manifest.matrices.indices { _ = file.blockChunks(ofMatrix: matrix) }
      _ = try? file.manifest.cut(within: Budget(residentByteCount: 100))
      return "valid"
    } catch {
      return error.code.rawValue
    }
  }
}
