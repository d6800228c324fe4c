import BSTKNumerics
import CKernels
import Testing

/// Products with packed matrices. Instruction sets and numbers of threads are the process's, but every
/// one gives the same bits.
@Suite struct PackedProductTests {
  static let shapes = [
    (1, 1), (5, 7), (3, 8), (9, 63), (7, 65), (4, 130), (6, 576), (300, 1), (67, 200), (5, 1100),
  ]

  private func weights(_ matrix: PackedMatrix) -> [Float] {
    var weights = [Float](repeating: .nan, count: matrix.rows * matrix.columns)
    var target = weights.mutableSpan
    matrix.reconstruct(rows: 0..<matrix.rows, into: &target)
    return weights
  }

  @Test(arguments: shapes) func equalThoseOfTheWeights(shape: (Int, Int)) throws {
    let (rows, columns) = shape
    for matrix in try PackedSamples.matrices(rows: rows, columns: columns) {
      let weights = weights(matrix)
      for (tokens, precision) in [(1, ProductPrecision.rounded), (5, .rounded), (2, .exact)] {
        let x = PackedSamples.inputs(tokens * columns, seed: UInt64(tokens))
        let product = PackedSamples.multiply(
          matrix, x, rowStride: rows + 5, firstColumn: 3, precision: precision)
        for token in 0..<tokens {
          let line = product[token * (rows + 5)..<(token + 1) * (rows + 5)]
          // What is not the product's stays.
          #expect(line.prefix(3).allSatisfy { $0 == 99 } && line.suffix(2).allSatisfy { $0 == 99 })
          let error = PackedSamples.error(
            Array(line.dropFirst(3).dropLast(2)), weights: weights,
            x: x[token * columns..<(token + 1) * columns])
          #expect(error <= (precision == .exact ? 1e-5 : 0.02), "token \(token) of \(tokens)")
        }
      }
    }
  }

  /// Many tokens go another way through the planes than one.
  @Test(arguments: [(1, 1), (9, 63), (53, 130), (100, 200), (10, 1100)])
  func tokensDoNotDependOnEachOther(shape: (Int, Int)) throws {
    let (rows, columns) = shape
    for planes in 1...8 {
      let matrix = try PackedPlanesSample(
        rows: rows, columns: columns, planes: planes, type: .log8, seed: 2, listed: planes % 3
      ).packed()
      let x = PackedSamples.inputs(37 * columns, seed: 4)
      let single = (0..<37).flatMap { token in
        PackedSamples.multiply(matrix, Array(x[token * columns..<(token + 1) * columns]))
      }
      for tokens in [2, 4, 7, 16, 17, 37] {
        let isSame =
          PackedSamples.multiply(matrix, Array(x[..<(tokens * columns)]))[...]
          == single[..<(tokens * rows)]
        #expect(isSame, "\(tokens) tokens, \(planes) planes")
      }
    }
  }

  @Test func threadsDoNotChangeProducts() throws {
    let threads = BLAS.threadCount
    defer { BLAS.threadCount = threads }
    for matrix in try PackedSamples.matrices(rows: 450, columns: 301) {
      for tokens in [1, 20] {
        let x = PackedSamples.inputs(tokens * 301, seed: 3)
        for precision in ProductPrecision.allCases {
          BLAS.threadCount = 1
          let expected = PackedSamples.multiply(matrix, x, precision: precision)
          for count in [2, 3] {
            BLAS.threadCount = count
            let isSame = PackedSamples.multiply(matrix, x, precision: precision) == expected
            #expect(isSame, "\(count) threads, \(tokens) tokens, \(precision)")
          }
        }
      }
    }
  }

  /// Magnitudes whose scales leave binary32 where they are not shared out.
  @Test func extremeScalesStayFinite() throws {
    for (u, v, factor, gain): (Float, Float, Float, Float) in [
      (0x1p-120, 0x1p100, 0x1p100, 1024), (0x1p100, 0x1p-120, 0x1p100, -1024),
      (0x1p-100, 0x1p-30, 0x1p127, 1), (0x1p120, 0x1p-126, 1, 0x1p-10), (1, 1, 0, 1), (0, 1, 1, 1),
      (1, 0, 0x1p127, 1024),
    ] {
      var sample = try PackedPlanesSample(rows: 5, columns: 70, planes: 3, type: .bf16, seed: 1)
      let left = [Float](repeating: u, count: 5), right = [Float](repeating: v, count: 70)
      sample.u = try VectorType.bf16.encode(left.span, rank: 1, length: 5, axis: .columns)
      sample.v = try VectorType.bf16.encode(right.span, rank: 1, length: 70, axis: .rows)
      sample.factor = factor
      sample.gains[2] = gain
      let matrix = try sample.packed()
      let weights = weights(matrix)
      #expect(weights.allSatisfy { $0.isFinite })
      let x = PackedSamples.inputs(6 * 70, seed: 1)
      let y = PackedSamples.multiply(matrix, x)
      for token in 0..<6 {
        let error = PackedSamples.error(
          Array(y[token * 5..<(token + 1) * 5]), weights: weights,
          x: x[token * 70..<(token + 1) * 70])
        #expect(error <= 0.02, "\(u), \(v), \(factor), \(gain)")
      }
    }
  }

  @Test func inputsOfAnySizeAreRounded() throws {
    let matrix = try PackedPlanesSample(
      rows: 3, columns: 600, planes: 4, type: .fp16, seed: 1, listed: 0
    ).packed()
    let x = PackedSamples.inputs(1 * 600, seed: 7)
    let y = PackedSamples.multiply(matrix, x)
    // Powers of two change nothing else, down to where binary32 loses digits.
    for exponent in [-100, -60, 60, 100] {
      let factor = Float(sign: .plus, exponent: exponent, significand: 1)
      let scaled = PackedSamples.multiply(matrix, x.map { $0 * factor })
      #expect(scaled == y.map { $0 * factor }, "2^\(exponent)")
    }
    #expect(PackedSamples.multiply(matrix, x.map { $0 * 0 }).allSatisfy { $0 == 0 })
    for stray in [Float.nan, .infinity, -.infinity] {
      for column in [0, 311, 599] {
        var spoilt = x
        spoilt[column] = stray
        #expect(PackedSamples.multiply(matrix, spoilt).allSatisfy { !$0.isFinite })
      }
    }
  }
}
