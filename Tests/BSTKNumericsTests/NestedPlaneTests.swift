import BSTKNumerics
import Testing

@Suite struct NestedPlaneTests {
  /// A random matrix with excess at the borders of rows and in between.
  struct Sample {
    let bits: RandomPlanes
    let u: [Float]
    let v: [Float]
    let factor: Float
    let gain: Float
    let positions: [UInt32]
    let excess: [Float]

    init(rows: Int, columns: Int, planes: Int, seed: UInt64) {
      var generator = SeededGenerator(seed: seed)
      bits = RandomPlanes(count: planes, rows: rows, columns: columns, seed: seed)
      u = (0..<rows).map { _ in Float.random(in: -2...2, using: &generator) }
      v = (0..<columns).map { _ in Float.random(in: -0.1...0.1, using: &generator) }
      factor = Float.random(in: 0.5...3, using: &generator)
      gain = Float.random(in: 0.8...1.2, using: &generator)
      let last = rows * columns - 1
      let borders = (1..<max(2, rows)).flatMap { [$0 * columns - 1, $0 * columns] }
      let scattered = (0..<rows).map { _ in Int.random(in: 0...last, using: &generator) }
      positions = Set([0, last] + borders + scattered).filter { $0 <= last }.sorted()
        .map { UInt32($0) }
      excess = positions.map { _ in Float.random(in: -9...9, using: &generator) }
    }

    func matrix() throws -> NestedPlaneMatrix {
      try NestedPlaneMatrix(
        rows: u.count, columns: v.count, u: u, v: v, factor: factor, gain: gain,
        planes: bits.planes,
        excess: try SparseExcess(
          positions: positions, values: excess, elementCount: u.count * v.count))
    }

    /// The definition in double precision, and the size its error is measured by.
    func element(row: Int, column: Int) -> (value: Double, size: Double) {
      let levels = bits.planes.count
      let odd = Double(2 * bits.integer(row: row, column: column) - (1 << levels - 1))
      let listed = positions.firstIndex(of: UInt32(row * v.count + column))
      let e = listed.map { Double(excess[$0]) } ?? 0
      let magnitude = Double(u[row]) * Double(v[column])
      let grid = Double(gain) * Double(factor)
      let step = grid / Double(1 << (levels - 1))
      return (magnitude * (step * odd + e), abs(magnitude) * (2 * abs(grid) + abs(e)))
    }
  }

  private func weights(_ matrix: NestedPlaneMatrix, rows: Range<Int>? = nil) -> [Float] {
    let count = (rows?.count ?? matrix.rows) * matrix.columns
    var weights = [Float](repeating: .nan, count: count)
    var target = weights.mutableSpan
    matrix.reconstruct(rows: rows, into: &target)
    return weights
  }

  @Test(
    arguments: 1...8,
    [(1, 1), (5, 7), (3, 8), (4, 9), (9, 63), (2, 64), (7, 65), (6, 576), (300, 1)]
  )
  func equalsTheDefinition(planes: Int, shape: (Int, Int)) throws {
    let (rows, columns) = shape
    let sample = Sample(rows: rows, columns: columns, planes: planes, seed: UInt64(planes + rows))
    let rebuilt = weights(try sample.matrix())
    var wrong = 0
    for index in rebuilt.indices {
      let (value, size) = sample.element(row: index / columns, column: index % columns)
      // NaN is never within.
      if !(abs(Double(rebuilt[index]) - value) <= 1e-6 * size) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test func rowRangesEqualTheWholeOnAnyNumberOfThreads() throws {
    // 40 panels and some rows more.
    let (rows, columns) = (1203, 2177)
    let matrix = try Sample(rows: rows, columns: columns, planes: 4, seed: 1).matrix()
    let threads = BLAS.threadCount
    defer { BLAS.threadCount = threads }
    BLAS.threadCount = 1
    let whole = weights(matrix)
    // Compared apart from the expectations: to print how millions of numbers differ takes minutes.
    for count in [2, 4] {
      BLAS.threadCount = count
      let isSame = weights(matrix) == whole
      #expect(isSame, "\(count) threads")
    }
    for range in [0..<1, 1202..<1203, 29..<900, 7..<7, 30..<61] {
      let part = whole[range.lowerBound * columns..<range.upperBound * columns]
      let isSame = weights(matrix, rows: range)[...] == part
      #expect(isSame, "rows \(range)")
    }
    #expect(matrix.row(30)[...] == whole[30 * columns..<31 * columns])
  }

  @Test func excessStaysInItsRow() throws {
    for columns in [1, 8, 9] {
      let rows = 4
      let plane = [UInt8](repeating: 0, count: rows * ((columns + 7) / 8))
      for position in 0..<rows * columns {
        let matrix = try NestedPlaneMatrix(
          rows: rows, columns: columns, u: [Float](repeating: 2, count: rows),
          v: [Float](repeating: 3, count: columns), factor: 0.5, gain: 1, planes: [plane],
          excess: SparseExcess(
            positions: [UInt32(position)], values: [7], elementCount: rows * columns))
        for row in 0..<rows {
          let expected = (0..<columns).map { column in
            Float(row * columns + column == position ? 6 * (7 - 0.5) : -3)
          }
          #expect(matrix.row(row) == expected)
        }
      }
    }
  }

  @Test func farApartMagnitudesKeepTheirPrecision() throws {
    // u · f alone leaves binary32, v · f vanishes in it.
    for (u, v, factor): (Float, Float, Float) in [
      (0x1p127, 0x1p-120, 0x1p90), (0x1p-140, 0x1p127, 0x1p-20), (0x1p120, 0x1p-148, 0x1p-1),
      (0x1p-149, 0x1p-149, 0x1p120), (0, 0x1p127, 0x1p127), (0x1p127, 0, 0x1p127),
    ] {
      let matrix = try NestedPlaneMatrix(
        rows: 1, columns: 2, u: [u], v: [v, -v / 2], factor: factor, gain: 1024, planes: [[0x80]])
      let expected = Double(u) * Double(v) * Double(factor) * 1024
      #expect(matrix.row(0) == [Float(expected), Float(expected / 2)])
    }
  }

  @Test func integersComeBackFromTheirPlanes() throws {
    var generator = SeededGenerator(seed: 9)
    let (rows, columns) = (5, 67)
    let integers = (0..<rows * columns).map { _ in UInt8.random(in: 0..<64, using: &generator) }
    let planes = (0..<6).map { plane in
      PlanePacking.pack(bit: 5 - plane, of: integers.span, rows: rows, columns: columns)
    }
    #expect(planes.allSatisfy { $0.count == rows * 9 })
    let matrix = try NestedPlaneMatrix(
      rows: rows, columns: columns, u: [1, 1, 1, 1, 1], v: [Float](repeating: 1, count: columns),
      factor: 32, gain: 1, planes: planes)
    var expanded = [UInt8](repeating: 0, count: integers.count)
    var target = expanded.mutableSpan
    matrix.expand(into: &target)
    #expect(expanded == integers)
    #expect(weights(matrix) == integers.map { Float(2 * Int($0) - 63) })
  }

  @Test func eitherKindIsRebuiltThroughOneDoor() throws {
    let sample = try Sample(rows: 6, columns: 9, planes: 3, seed: 2).matrix()
    let blocks = try decompose(
      weights(sample), rows: 6, columns: 9, options: DecompositionOptions(levels: 2, rank: 2)
    ).map(\.block)
    let doors: [(MatrixReconstructor, [Float])] = [
      (.nestedPlanes(sample), weights(sample)),
      (.signBlocks(try Reconstructor(blocks)), try reconstruct(blocks)),
    ]
    for (door, whole) in doors {
      #expect(door.rows == 6 && door.columns == 9)
      var part = [Float](repeating: 0, count: 18)
      var target = part.mutableSpan
      door.reconstruct(rows: 2..<4, into: &target)
      #expect(part[...] == whole[18..<36])
    }
  }
}
