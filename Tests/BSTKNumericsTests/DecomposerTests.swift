import BSTKNumerics
import Testing

@Suite struct DecomposerTests {
  @Test(arguments: VectorType.allCases)
  func reconstructionHasTheReportedError(vectorType: VectorType) throws {
    let (rows, columns) = (64, 192)
    let weights = Matrices.gaussian(rows: rows, columns: columns, seed: 7)
    var options = DecompositionOptions(levels: 8, rank: 4)
    options.vectorType = vectorType
    var decomposer = try Decomposer(weights, rows: rows, columns: columns, options: options)
    var blocks: [SignBlock] = []
    var last = 1.0
    while let level = try decomposer.next() {
      blocks.append(level.block)
      var rebuilt = [Float](repeating: .nan, count: weights.count)
      var target = rebuilt.mutableSpan
      try Reconstructor(blocks).reconstruct(into: &target)
      let error = Matrices.relativeError(rebuilt, weights)
      #expect(abs(error - level.weightError.relativeAfter) <= 1e-6)
      #expect(error <= last)
      last = error
    }
    #expect(blocks.count == 8)
    #expect(last < 0.08)
  }
}
