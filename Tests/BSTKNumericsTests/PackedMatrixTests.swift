import BSTKNumerics
import Testing

@Suite struct PackedMatrixTests {
  static let shapes = [
    (1, 1), (5, 7), (3, 8), (4, 9), (9, 63), (2, 64), (7, 65), (6, 576), (300, 1), (130, 200),
    (70, 577),
  ]

  private func weights(_ matrix: PackedMatrix, rows: Range<Int>? = nil) -> [Float] {
    let rows = rows ?? 0..<matrix.rows
    var weights = [Float](repeating: .nan, count: rows.count * matrix.columns)
    var target = weights.mutableSpan
    matrix.reconstruct(rows: rows, into: &target)
    return weights
  }

  private func weights(_ matrix: MatrixReconstructor) -> [Float] {
    var weights = [Float](repeating: .nan, count: matrix.rows * matrix.columns)
    var target = weights.mutableSpan
    matrix.reconstruct(into: &target)
    return weights
  }

  @Test(arguments: 1...8, shapes) func planesEqualTheReconstructor(
    planes: Int, shape: (Int, Int)
  ) throws {
    for type in VectorType.allCases {
      let sample = try PackedPlanesSample(
        rows: shape.0, columns: shape.1, planes: planes, type: type, seed: UInt64(planes))
      let isSame = weights(try sample.packed()) == weights(try sample.reconstructor())
      #expect(isSame, "\(type)")
    }
  }

  @Test(arguments: 1...3, shapes) func signsEqualTheReconstructor(
    rank: Int, shape: (Int, Int)
  ) throws {
    for type in VectorType.allCases {
      let blocks = try PackedSamples.blocks(
        rows: shape.0, columns: shape.1, ranks: [rank, 1, 2], type: type)
      var matrix = PackedMatrix.signs(try PackedSigns(blocks[0]))
      for count in 1...3 {
        if count > 1 { try matrix.append(blocks[count - 1]) }
        let expected = weights(.signBlocks(try Reconstructor(Array(blocks[..<count]))))
        let isSame = weights(matrix) == expected
        #expect(isSame, "\(type), \(count) levels")
      }
    }
  }

  @Test(arguments: HalfMatrix.Element.allCases) func halvesWiden(element: HalfMatrix.Element) throws
  {
    let sample = try PackedSamples.halves(rows: 9, columns: 37, element: element)
    #expect(weights(sample.matrix) == sample.weights)
    #expect(sample.matrix.byteCount == 2 * 9 * 37)
    #expect(sample.matrix.levelCount == 1)
  }

  @Test func rowsAndRangesEqualTheWhole() throws {
    for matrix in try PackedSamples.matrices(rows: 41, columns: 75) {
      let whole = weights(matrix)
      for range in [0..<41, 3..<4, 40..<41, 5..<29, 7..<7] {
        #expect(
          weights(matrix, rows: range)[...] == whole[range.lowerBound * 75..<range.upperBound * 75])
      }
      var row = [Float](repeating: 0, count: 75)
      var target = row.mutableSpan
      matrix.row(17, into: &target)
      #expect(row[...] == whole[17 * 75..<18 * 75])
    }
  }

  @Test(arguments: shapes) func productsEqualThoseOfTheWeights(shape: (Int, Int)) throws {
    let (rows, columns) = shape
    for matrix in try PackedSamples.matrices(rows: rows, columns: columns) {
      let weights = weights(matrix)
      for tokens in [1, 2, 3, 7, 20] {
        let x = Matrices.gaussian(rows: tokens, columns: columns, seed: UInt64(tokens))
        let product = PackedSamples.multiply(matrix, x, rowStride: rows + 5, firstColumn: 3)
        for token in 0..<tokens {
          let line = product[token * (rows + 5)..<(token + 1) * (rows + 5)]
          // What is not the product's stays.
          #expect(line.prefix(3).allSatisfy { $0 == 99 } && line.suffix(2).allSatisfy { $0 == 99 })
          let error = PackedSamples.error(
            Array(line.dropFirst(3).dropLast(2)), weights: weights,
            x: x[token * columns..<(token + 1) * columns])
          #expect(error <= 0.02, "token \(token) of \(tokens): \(error)")
        }
      }
    }
  }

  @Test func threadsDoNotChangeProducts() throws {
    let threads = BLAS.threadCount
    defer { BLAS.threadCount = threads }
    for matrix in try PackedSamples.matrices(rows: 777, columns: 301) {
      for tokens in [1, 3, 40] {
        let x = Matrices.gaussian(rows: tokens, columns: 301, seed: 3)
        BLAS.threadCount = 1
        let expected = PackedSamples.multiply(matrix, x, rowStride: 777, firstColumn: 0)
        for count in [2, 3] {
          BLAS.threadCount = count
          let isSame = PackedSamples.multiply(matrix, x, rowStride: 777, firstColumn: 0) == expected
          #expect(isSame, "\(count) threads, \(tokens) tokens")
        }
      }
    }
  }

  @Test func removedLevelsAreForgotten() throws {
    let sample = try PackedPlanesSample(rows: 33, columns: 70, planes: 6, type: .log8, seed: 3)
    let blocks = try PackedSamples.blocks(rows: 33, columns: 70, ranks: [2, 1, 3], type: .fp16)
    var planes = try sample.packed(planes: 1)
    var signs = PackedMatrix.signs(try PackedSigns(blocks[0]))
    let bytes = (planes.byteCount, signs.byteCount)
    var steps: [[Float]] = []
    for level in 1..<6 {
      steps.append(weights(planes))
      try planes.append(plane: sample.bits.planes[level], gain: sample.gains[level])
    }
    planes.removeLast(0)
    for level in (1..<6).reversed() {
      planes.removeLast(1)
      #expect(planes.levelCount == level)
      let isSame = weights(planes) == steps[level - 1]
      #expect(isSame, "\(level) planes")
    }
    let first = weights(signs)
    try signs.append(blocks[1])
    try signs.append(blocks[2])
    signs.removeLast(2)
    #expect(weights(signs) == first)
    #expect(planes.byteCount == bytes.0 && signs.byteCount == bytes.1)
    #expect(planes.byteCount == 33 * 9 + 4 + 4 + (4 + 33) + (4 + 70) + 6 * sample.positions.count)
  }
}
