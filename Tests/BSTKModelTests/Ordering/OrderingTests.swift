import BSTKInference
import BSTKModelFiles
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKCompression

@Suite("Ordering")
struct OrderingTests {
  private let model: TinyModel
  private let folder: TemporaryFolder
  private let file: ModelFile

  init() throws {
    model = try TinyModel()
    folder = try TemporaryFolder()
    file = try model.compressed(in: folder)
  }

  /// The shares of its matrix's squared norm that each block removes.
  private func shares() throws -> [[Double]] {
    let worths = try #require(file.manifest.extensions.worths)
    var shares: [[Double]] = file.manifest.matrices.map { _ in [] }
    for (chunk, worth) in zip(file.manifest.chunks[file.manifest.tileCount...], worths) {
      if case .block(let matrix, _, _, _) = chunk.contents { shares[matrix].append(Double(worth)) }
    }
    return shares
  }

  @Test func `worths are divergences, spread over the error each block removes`() throws {
    let shares = try shares()
    let rest = [Double](repeating: 0, count: file.manifest.matrices.count - 3)
    let worths = BlockWorths(
      file.manifest, divergences: [2, 0.5, .nan] + rest, probedLevels: 2)
    let expected = [2, 0.5, 2] + rest
    for (matrix, divergence) in expected.enumerated() {
      let left = 1 - shares[matrix][0] - shares[matrix][1]
      for (level, worth) in worths.values[matrix].enumerated() {
        let value = divergence * shares[matrix][level] / left
        #expect(abs(Double(worth) - value) <= 1e-6 * max(value, 1), "\(matrix) \(level)")
      }
    }
    let blocks = worths.blocks(of: file.manifest)
    #expect(blocks.count == file.manifest.blockCount)
    #expect(
      blocks.reduce(0) { $0 + $1.storedByteCount }
        == file.manifest.chunks[file.manifest.tileCount...].reduce(0) { $0 + $1.storedByteCount })
  }

  @Test func `the stack takes the best next level, and no level before the one below it`() {
    func block(_ matrix: Int, _ level: Int, _ worth: Float, _ byteCount: Int) -> SpooledBlock {
      SpooledBlock(matrix: matrix, level: level, storedByteCount: byteCount, worth: worth)
    }
    let stack = StackOrder.byWorthPerByte([
      block(0, 0, 9, 10), block(0, 1, 4, 10), block(0, 2, 8, 10), block(0, 3, 1, 10),
      block(1, 0, 9, 10), block(1, 1, 7, 10), block(1, 2, 3, 10),
      // Worth more than all others, but so large that it comes last.
      block(2, 0, 9, 10), block(2, 1, 9, 1_000),
    ])
    #expect(stack.map { "\($0.matrix).\($0.level)" } == ["1.1", "0.1", "0.2", "1.2", "0.3", "2.1"])
  }

  @Test func `divergences are zero where nothing changes and positive elsewhere`() throws {
    var options = model.options.probe
    let compressed = try BSTKWeights(file)
    let divergences = try SensitivityProbe(
      source: model.opened.transformer, compressed: compressed, options: options
    ).run(TinyModel.tokens)
    #expect(divergences.count == file.manifest.matrices.count)
    #expect(divergences.allSatisfy { $0 > 0 && $0 < 10 })

    options.levelCount = 3
    let same = try SensitivityProbe(
      source: Transformer(configuration: model.opened.configuration, weights: compressed),
      compressed: compressed, options: options
    ).run(TinyModel.tokens)
    #expect(same.count == file.manifest.matrices.count)
    #expect(same.allSatisfy { $0 == 0 })
  }

  @Test func `a divergence is the mean over tokens of the definition`() throws {
    let compressed = try BSTKWeights(file)
    var options = model.options.probe
    options.levelCount = 1
    let divergences = try SensitivityProbe(
      source: model.opened.transformer, compressed: compressed, options: options
    ).run(TinyModel.tokens)
    var windowing = Calibrator.Options()
    windowing.windowCount = options.windowCount
    windowing.windowLength = options.windowLength
    let windows = try Calibrator.windows(of: TinyModel.tokens, options: windowing)
    let vocabulary = model.opened.configuration.vocabularySize
    let base = try model.opened.run(windows).logits
    for number in [0, 9] {
      let changed = OneMatrix(
        base: model.opened.weights, name: file.manifest.matrices[number].name,
        values: try compressed.loadMatrix(file.manifest.matrixTensors[number], levels: 1))
      let transformer = try Transformer(
        configuration: model.opened.configuration, weights: changed)
      var states = try transformer.embed(windows)
      for index in 0..<model.opened.configuration.layerCount {
        try transformer.apply(transformer.loadLayer(index), to: &states)
      }
      let logits = try transformer.loadHead().logits(states)
      var sum = 0.0
      for start in stride(from: 0, to: logits.count, by: vocabulary) {
        let p = Self.logSoftmax(base[start..<start + vocabulary])
        let q = Self.logSoftmax(logits[start..<start + vocabulary])
        sum += zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
      }
      let expected = sum / Double(logits.count / vocabulary)
      let measured = divergences[number]
      #expect(abs(measured / expected - 1) <= 1e-3, "\(number): \(measured), \(expected)")
    }
  }

  /// A folder with one tensor replaced.
  private struct OneMatrix: WeightSource {
    let base: HuggingFaceFolder
    let name: String
    let values: [Float]

    func shape(of name: String) -> [Int]? { base.shape(of: name) }

    func loadFloats(_ name: String) throws -> [Float] {
      name == self.name ? values : try base.loadFloats(name)
    }
  }

  private static func logSoftmax(_ logits: ArraySlice<Float>) -> [Double] {
    let top = Double(logits.max() ?? 0)
    let norm = log(logits.reduce(0) { $0 + exp(Double($1) - top) })
    return logits.map { Double($0) - top - norm }
  }

  @Test func `the sweep equals measuring every matrix at every level`() throws {
    let sweep = ReferenceSweep(
      configuration: model.opened.configuration, compressed: try BSTKWeights(file),
      windowLength: TinyModel.windowLength)
    let stack = try sweep.run(TinyModel.tokens)
    let matrices = file.manifest.matrices
    #expect(stack.count == matrices.count * 2)
    for bit in 1..<3 {
      var losses: [Double] = []
      let part = stack[(bit - 1) * matrices.count..<bit * matrices.count]
      #expect(Set(part.map(\.matrix)).count == matrices.count)
      for (matrix, level) in part {
        #expect(level == bit)
        var levels = matrices.map { _ in bit }
        levels[matrix] += 1
        losses.append(try model.perplexity(BSTKWeights(file, levelCounts: levels)))
      }
      for (a, b) in zip(losses, losses.dropFirst()) { #expect(a <= b * (1 + 1e-7)) }
      #expect((losses.last ?? 0) > (losses.first ?? 0))
    }
  }

  @Test func `a sweep in batches of single windows gives the same order`() throws {
    var sweep = ReferenceSweep(
      configuration: model.opened.configuration, compressed: try BSTKWeights(file),
      windowLength: TinyModel.windowLength)
    let whole = try sweep.run(TinyModel.tokens)
    sweep.stateByteCount = 1
    var reports: [WorkProgress] = []
    let batched = try sweep.run(TinyModel.tokens) { reports.append($0) }
    #expect(batched.map(\.matrix) == whole.map(\.matrix))
    #expect(batched.map(\.level) == whole.map(\.level))
    #expect(reports.last.map { $0.completed == $0.total } == true)
  }

  @Test func `batches hold what fits, and at least one window`() throws {
    let variants = MatrixVariants(
      transformer: model.opened.transformer, compressed: try BSTKWeights(file))
    let windows = (0..<5).map { _ in Array(TinyModel.tokens.prefix(TinyModel.windowLength)) }
    let states = file.manifest.matrices.count + 1
    let one = states * TinyModel.windowLength * model.opened.configuration.hiddenSize * 4
    for (limit, expected) in [(0, [1, 1, 1, 1, 1]), (2 * one, [2, 2, 1]), (9 * one, [5])] {
      #expect(variants.batches(of: windows, stateByteCount: limit).map(\.count) == expected)
    }
  }

  @Test func `progress goes up to its total`() throws {
    var reports: [WorkProgress] = []
    _ = try SensitivityProbe(
      source: model.opened.transformer, compressed: BSTKWeights(file), options: model.options.probe
    ).run(TinyModel.tokens) { reports.append($0) }
    #expect(reports.map(\.completed) == reports.map(\.completed).sorted())
    #expect(reports.last.map { $0.completed == $0.total } == true)
    reports = []
    _ = try ReferenceSweep(
      configuration: model.opened.configuration, compressed: BSTKWeights(file),
      windowLength: TinyModel.windowLength
    ).run(TinyModel.tokens) { reports.append($0) }
    #expect(reports.map(\.completed) == reports.map(\.completed).sorted())
    #expect(reports.last.map { $0.completed == $0.total } == true)
  }
}
