import BSTKNumerics
import Testing

@Suite struct ReconstructorTests {
  @Test(arguments: [(64, 192), (7, 5), (33, 70), (5, 129), (1, 300), (300, 1)])
  func equalsTheDefinition(rows: Int, columns: Int) throws {
    let weights = Matrices.heavyTailed(rows: rows, columns: columns, seed: 2)
    let blocks = try decompose(
      weights, rows: rows, columns: columns, options: DecompositionOptions(ranks: [3, 1, 2])
    ).map(\.block)
    var expected = [Double](repeating: 0, count: weights.count)
    for block in blocks {
      for (index, value) in try Matrices.product(block).enumerated() {
        let positive = block.signs[index / 8] >> (7 - index % 8) & 1 == 1
        expected[index] += Double(positive ? value : -value)
      }
    }
    let rebuilt = try reconstruct(blocks)
    let peak = expected.reduce(0) { max($0, abs($1)) }
    for (value, exact) in zip(rebuilt, expected) {
      #expect(abs(Double(value) - exact) <= 1e-5 * peak)
    }
  }

  @Test func levelsAddAndSubtract() throws {
    let (rows, columns) = (40, 75)
    let weights = Matrices.gaussian(rows: rows, columns: columns, seed: 2)
    let blocks = try decompose(
      weights, rows: rows, columns: columns, options: DecompositionOptions(levels: 5, rank: 2)
    ).map(\.block)
    let reconstructor = try Reconstructor(blocks)
    var grown = [Float](repeating: 9, count: weights.count)
    var target = grown.mutableSpan
    reconstructor.reconstruct(levels: 0..<2, into: &target)
    #expect(grown == (try reconstruct(Array(blocks[..<2]))))
    target = grown.mutableSpan
    reconstructor.reconstruct(levels: 2..<5, mode: .add, into: &target)
    #expect(grown == (try reconstruct(blocks)))
    target = grown.mutableSpan
    reconstructor.reconstruct(levels: 2..<5, mode: .subtract, into: &target)
    #expect(Matrices.relativeError(grown, try reconstruct(Array(blocks[..<2]))) < 1e-6)
    target = grown.mutableSpan
    reconstructor.reconstruct(levels: 3..<3, into: &target)
    #expect(grown.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [0..<40, 3..<4, 39..<40, 5..<29, 7..<7])
  func rowRangesEqualTheWhole(range: Range<Int>) throws {
    let (rows, columns) = (40, 75)
    let weights = Matrices.gaussian(rows: rows, columns: columns, seed: 4)
    let blocks = try decompose(
      weights, rows: rows, columns: columns, options: DecompositionOptions(levels: 3, rank: 2)
    ).map(\.block)
    let whole = try reconstruct(blocks)
    var part = [Float](repeating: 0, count: range.count * columns)
    var target = part.mutableSpan
    try Reconstructor(blocks).reconstruct(rows: range, into: &target)
    #expect(part[...] == whole[range.lowerBound * columns..<range.upperBound * columns])
  }

  @Test func levelsOfUnlikeShapesAreRefused() throws {
    let options = DecompositionOptions(levels: 1, rank: 1)
    let a = try decompose([1, 2, 3, 4, 5, 6], rows: 2, columns: 3, options: options)[0].block
    let b = try decompose([1, 2, 3, 4, 5, 6], rows: 3, columns: 2, options: options)[0].block
    #expect(throws: NumericsError.self) { try Reconstructor([a, b]) }
    #expect(throws: NumericsError.self) { try Reconstructor([]) }
  }
}
