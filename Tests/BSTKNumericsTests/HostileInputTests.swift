import BSTKNumerics
import Testing

@Suite struct HostileInputTests {
  @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN])
  func nonFiniteWeightsAreNamed(value: Float) {
    var weights = Matrices.gaussian(rows: 5, columns: 7, seed: 1)
    weights[23] = value
    #expect(throws: NumericsError.notFinite(index: 23)) {
      try decompose(
        weights, rows: 5, columns: 7, options: DecompositionOptions(levels: 1, rank: 1))
    }
  }

  @Test(arguments: [(0, 4), (4, 0), (-2, -2), (2, 3), (Int.max, 2), (1 << 33, 1 << 33)])
  func impossibleShapesAreRefused(rows: Int, columns: Int) {
    #expect(throws: NumericsError.self) {
      try decompose(
        [1, 2, 3, 4], rows: rows, columns: columns,
        options: DecompositionOptions(levels: 1, rank: 1))
    }
  }

  @Test func meaninglessOptionsAreRefused() {
    var scaleTooShort = DecompositionOptions(levels: 1, rank: 1)
    scaleTooShort.inputScale = [1]
    var zeroScale = scaleTooShort
    zeroScale.inputScale = [1, 0]
    var nanScale = scaleTooShort
    nanScale.inputScale = [1, .nan]
    var method = DecompositionOptions(levels: 1, rank: 1)
    method.method = .randomized(oversampling: -1, powerIterations: Int.max)
    for options in [
      DecompositionOptions(levels: 0, rank: 1), DecompositionOptions(levels: -1, rank: 1),
      DecompositionOptions(levels: 65, rank: 1), DecompositionOptions(levels: 1, rank: 0),
      DecompositionOptions(levels: 1, rank: Int.max), scaleTooShort, zeroScale, nanScale, method,
    ] {
      #expect(throws: NumericsError.self) {
        try decompose([1, 2, 3, 4], rows: 2, columns: 2, options: options)
      }
    }
  }

  @Test func vectorsWithSignsAreNotStoredWithoutThem() {
    let weights = Matrices.gaussian(rows: 20, columns: 30, seed: 1)
    var options = DecompositionOptions(levels: 1, rank: 4)
    options.vectorType = .log8
    let error = #expect(throws: NumericsError.self) {
      try decompose(weights, rows: 20, columns: 30, options: options)
    }
    guard case .negativeValue = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [(1, 1), (1, 50), (50, 1), (64, 192), (300, 290)], [1, 5, 16])
  func zeroAndConstantMatricesOfAnyShape(shape: (Int, Int), rank: Int) throws {
    let (rows, columns) = shape
    for constant in [Float(0), -0.0, -2.5, 3] {
      let weights = [Float](repeating: constant, count: rows * columns)
      let levels = try decompose(
        weights, rows: rows, columns: columns, options: DecompositionOptions(levels: 3, rank: rank))
      #expect(levels.allSatisfy { $0.block.rank == min(rank, rows, columns) })
      let rebuilt = try reconstruct(levels.map(\.block))
      #expect(Matrices.relativeError(rebuilt, weights) < 1e-5)
      #expect(levels[0].weightError.relativeAfter < 1e-2)
    }
  }

  @Test(arguments: [Float(1e-30), 1e-12, 1e12, 1e17], [(40, 30), (290, 270)])
  func extremeMagnitudesDecomposeOrThrow(size: Float, shape: (Int, Int)) throws {
    let (rows, columns) = shape
    let weights = Matrices.gaussian(rows: rows, columns: columns, seed: 3).map { $0 * size }
    for type in [VectorType.bf16, .int8] {
      var options = DecompositionOptions(levels: 2, rank: 2)
      options.vectorType = type
      let levels = try decompose(weights, rows: rows, columns: columns, options: options)
      #expect(levels[0].weightError.relativeAfter < 0.63)
    }
    if size > 1e14 {
      #expect(throws: NumericsError.vectorOverflow(component: 0)) {
        try decompose(
          weights, rows: rows, columns: columns, options: DecompositionOptions(levels: 1, rank: 2))
      }
    }
  }

  @Test func unevenScalesAreBalancedIntoRange() throws {
    // Inputs norms of 1e-5 make V^T huge and U tiny unless a factor moves between them.
    let weights = Matrices.gaussian(rows: 32, columns: 24, seed: 3).map { $0 * 1000 }
    var options = DecompositionOptions(levels: 2, rank: 2)
    options.inputScale = [Float](repeating: 1e-8, count: 24)
    let levels = try decompose(weights, rows: 32, columns: 24, options: options)
    #expect(levels[0].weightError.relativeAfter < 0.63)
  }
}
