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

  @Test func levelsOfAnotherMatrixAreRefused() throws {
    let sample = try PackedPlanesSample(rows: 4, columns: 9, planes: 8, type: .fp16, seed: 1)
    let block = try PackedSamples.blocks(rows: 4, columns: 9, ranks: [1], type: .fp16)[0]
    let other = try PackedSamples.blocks(rows: 4, columns: 10, ranks: [1], type: .fp16)[0]
    let plane = sample.bits.planes[0]
    var planes = try sample.packed(planes: 2)
    var signs = PackedMatrix.signs(try PackedSigns(block))
    var halves = try PackedSamples.halves(rows: 4, columns: 9, element: .bf16).matrix
    #expect(throws: NumericsError.self) { try planes.append(block) }
    #expect(throws: NumericsError.self) { try signs.append(plane: plane, gain: 1) }
    #expect(throws: NumericsError.self) { try signs.append(other) }
    #expect(throws: NumericsError.self) { try halves.append(block) }
    #expect(throws: NumericsError.self) { try halves.append(plane: plane, gain: 1) }
    #expect(throws: NumericsError.wrongByteCount(expected: 8, actual: 9)) {
      try planes.append(plane: plane + [0], gain: 1)
    }
    for gain in [Float.nan, .infinity, 1025] {
      #expect(throws: NumericsError.scaleOutOfRange) { try planes.append(plane: plane, gain: gain) }
    }
    #expect(planes.levelCount == 2 && signs.levelCount == 1)
    for level in 2..<8 { try planes.append(plane: plane, gain: Float(level)) }
    #expect(throws: NumericsError.invalidShape("9 planes")) {
      try planes.append(plane: plane, gain: 1)
    }
  }

  @Test func partsThatDoNotFitAreRefused() throws {
    let whole = try PackedPlanesSample(rows: 4, columns: 9, planes: 1, type: .fp16, seed: 1)
    func refusal(_ spoil: (inout PackedPlanesSample) -> Void) -> NumericsError? {
      var sample = whole
      (sample.positions, sample.excess) = ([0, 35], [0x3C00, 0xBC00])
      spoil(&sample)
      do throws(NumericsError) { _ = try sample.packed() } catch { return error }
      return nil
    }
    #expect(refusal { _ in } == nil)
    #expect(refusal { $0.u.append(0) } == .wrongByteCount(expected: 8, actual: 9))
    #expect(refusal { $0.v[3] = 0x7C } == .notFinite(index: 1))
    #expect(refusal { $0.positions = [0, 36] } == .invalidPosition(index: 1))
    #expect(refusal { $0.positions = [35, 0] } == .invalidPosition(index: 1))
    #expect(refusal { $0.positions = [35, 35] } == .invalidPosition(index: 1))
    #expect(refusal { $0.excess[1] = 0x7C00 } == .notFinite(index: 1))
    #expect(refusal { $0.excess[0] = 0xFE00 } == .notFinite(index: 0))
    #expect(refusal { $0.factor = 0x1p115 } == .scaleOutOfRange)
    #expect(refusal { $0.factor = .nan } == .scaleOutOfRange)
    #expect(refusal { $0.gains = [-1024.001] } == .scaleOutOfRange)
    #expect(throws: NumericsError.wrongByteCount(expected: 4, actual: 3)) {
      try HalfMatrix(rows: 1, columns: 2, element: .fp16, bytes: [1, 2, 3])
    }
    #expect(throws: NumericsError.self) {
      try HalfMatrix(rows: 0, columns: 2, element: .fp16, bytes: [])
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
