import BSTKNumerics
import Testing

@Suite struct DecomposerTests {
  @Test(arguments: VectorType.allCases.filter { $0 != .log8 })
  func errorsAreThoseOfTheStoredLevelsAndNeverRise(vectorType: VectorType) throws {
    for (rows, columns) in [(64, 192), (31, 17), (13, 40)] {
      let weights = Matrices.heavyTailed(rows: rows, columns: columns, seed: 7)
      var options = DecompositionOptions(ranks: [4, 3, 2, 1, 4, 4, 4, 4])
      options.vectorType = vectorType
      let levels = try decompose(weights, rows: rows, columns: columns, options: options)
      #expect(levels.map(\.block.rank) == options.ranks)
      var before = 1.0
      for count in 1...levels.count {
        let rebuilt = try reconstruct(levels.prefix(count).map(\.block))
        let error = Matrices.relativeError(rebuilt, weights)
        let reported = levels[count - 1].weightError
        #expect(abs(error - reported.relativeAfter) <= 1e-6)
        #expect(abs(before - reported.relativeBefore) <= 1e-6)
        #expect(reported.squaredAfter <= reported.squaredBefore)
        #expect(levels[count - 1].scaledError == reported)
        before = error
      }
    }
  }

  @Test(arguments: [(12, 20, 1), (20, 12, 3), (16, 16, 4), (9, 40, 5)])
  func agreesWithTheDoublePrecisionOracle(rows: Int, columns: Int, rank: Int) throws {
    let weights = Matrices.gaussian(rows: rows, columns: columns, seed: UInt64(rows))
    let expected = JacobiOracle.errors(weights, rows: rows, columns: columns, rank: rank, levels: 4)
    let levels = try decompose(
      weights, rows: rows, columns: columns, options: DecompositionOptions(levels: 4, rank: rank))
    // The first level sees the same matrix; later ones see rounded vectors' residuals.
    let best = JacobiOracle.bestApproximation(
      weights.map { Double(abs($0)) }, rows: rows, columns: columns, rank: rank)
    let product = try Matrices.product(levels[0].block)
    for (index, value) in product.enumerated() { #expect(abs(Double(value) - best[index]) < 4e-3) }
    #expect(abs(levels[0].weightError.relativeAfter - expected[0]) < 2e-4)
    for level in levels { #expect(level.weightError.relativeAfter < expected[level.index] * 1.01) }
  }

  @Test func signsArePackedRowMajorFromTheHighestBit() throws {
    let weights: [Float] = [1, -1, 0, -0.0, -3, 2, 2, -2, -1, 5, -1e-30, 1e-30]
    let levels = try decompose(
      weights, rows: 3, columns: 4, options: DecompositionOptions(levels: 1, rank: 1))
    #expect(levels[0].block.signs == [0b1011_0110, 0b0101_0000])
  }

  @Test(arguments: [1, 4, 16])
  func krylovIsAsGoodAsExact(rank: Int) throws {
    let (rows, columns) = (384, 272)
    for weights in [
      Matrices.gaussian(rows: rows, columns: columns, seed: 21),
      Matrices.heavyTailed(rows: rows, columns: columns, seed: 22),
    ] {
      var options = DecompositionOptions(levels: 8, rank: rank)
      let fast = try decompose(weights, rows: rows, columns: columns, options: options)
      options.method = .exact
      let exact = try decompose(weights, rows: rows, columns: columns, options: options)
      for (a, b) in zip(fast, exact) {
        let ratio = a.weightError.relativeAfter / b.weightError.relativeAfter
        #expect(ratio <= 1.002, "level \(a.index)")
      }
    }
  }

  @Test func inputScaleWeighsTheErrorAndIsAbsorbed() throws {
    let (rows, columns) = (48, 96)
    let weights = Matrices.gaussian(rows: rows, columns: columns, seed: 5)
    var options = DecompositionOptions(levels: 3, rank: 2)
    let plain = try decompose(weights, rows: rows, columns: columns, options: options)
    let scale = (0..<columns).map { Float(0.2) + Float($0 % 7) }
    options.inputScale = scale
    let levels = try decompose(weights, rows: rows, columns: columns, options: options)
    let rebuilt = try reconstruct(levels.map(\.block))
    let scaled = { (values: [Float]) in
      values.enumerated().map { $1 * scale[$0 % columns] }
    }
    let last = try #require(levels.last)
    #expect(abs(Matrices.relativeError(rebuilt, weights) - last.weightError.relativeAfter) < 1e-5)
    let weighted = Matrices.relativeError(scaled(rebuilt), scaled(weights))
    #expect(abs(weighted - last.scaledError.relativeAfter) < 1e-5)
    let unaware = try reconstruct(plain.map(\.block))
    #expect(weighted < Matrices.relativeError(scaled(unaware), scaled(weights)))
  }

  @Test func sameOptionsGiveTheSameBytesOnAnyNumberOfThreads() throws {
    let (rows, columns) = (320, 288)
    let weights = Matrices.gaussian(rows: rows, columns: columns, seed: 9)
    var options = DecompositionOptions(levels: 2, rank: 3)
    options.seed = 42
    let threads = BLAS.threadCount
    defer { BLAS.threadCount = threads }
    var results: [[SignBlock]] = []
    for count in [1, 2, 4, 1] {
      BLAS.threadCount = count
      results.append(
        try decompose(weights, rows: rows, columns: columns, options: options).map(\.block))
    }
    for result in results { #expect(result == results[0]) }
    #expect(throws: Never.self) { try Reconstructor(results[0]) }
  }
}

/// All levels of a matrix.
func decompose(
  _ weights: [Float], rows: Int, columns: Int, options: DecompositionOptions
) throws -> [DecomposedLevel] {
  var decomposer = try Decomposer(weights, rows: rows, columns: columns, options: options)
  var levels: [DecomposedLevel] = []
  while let level = try decomposer.next() { levels.append(level) }
  #expect(decomposer.levelCount == levels.count)
  return levels
}

/// The weights that blocks stand for.
func reconstruct(_ blocks: [SignBlock]) throws -> [Float] {
  let reconstructor = try Reconstructor(blocks)
  var weights = [Float](repeating: .nan, count: reconstructor.rows * reconstructor.columns)
  var target = weights.mutableSpan
  reconstructor.reconstruct(into: &target)
  return weights
}
