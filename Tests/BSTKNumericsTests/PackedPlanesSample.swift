import BSTKNumerics

/// The parts of a random matrix of nested planes as a payload holds them.
struct PackedPlanesSample {
  let rows: Int
  let columns: Int
  let bits: RandomPlanes
  let type: VectorType
  var u: [UInt8]
  var v: [UInt8]
  var factor: Float
  var gains: [Float]
  var positions: [UInt32]
  var excess: [UInt16]

  /// - Parameter listed: about how many entries of a row are in the sparse list.
  init(
    rows: Int, columns: Int, planes: Int, type: VectorType, seed: UInt64, listed: Int = 2
  ) throws {
    var generator = SeededGenerator(seed: seed &* 31 &+ UInt64(rows * 7 + columns))
    self.rows = rows
    self.columns = columns
    self.type = type
    bits = RandomPlanes(count: planes, rows: rows, columns: columns, seed: seed)
    let low: Float = type == .log8 ? 0.1 : -2
    let left = (0..<rows).map { _ in Float.random(in: low...2, using: &generator) }
    let right = (0..<columns).map { _ in Float.random(in: low / 20...0.1, using: &generator) }
    u = try type.encode(left.span, rank: 1, length: rows, axis: .columns)
    v = try type.encode(right.span, rank: 1, length: columns, axis: .rows)
    factor = Float.random(in: 0.5...3, using: &generator)
    gains = (0..<planes).map { _ in Float.random(in: 0.8...1.2, using: &generator) }
    let last = rows * columns - 1
    let scattered = (0..<rows * listed).map { _ in Int.random(in: 0...last, using: &generator) }
    positions = Set(listed > 0 ? [0, last] + scattered : []).sorted().map { UInt32($0) }
    excess = positions.map { _ in Float16(Float.random(in: -9...9, using: &generator)).bitPattern }
  }

  func packed(planes: Int? = nil) throws(NumericsError) -> PackedMatrix {
    var matrix = try PackedPlanes(
      rows: rows, columns: columns, plane: bits.planes[0], vectorType: type, u: u, v: v,
      factor: factor, gain: gains[0], positions: positions, excess: excess)
    for level in 1..<max(1, planes ?? bits.planes.count) {
      try matrix.append(plane: bits.planes[level], gain: gains[level])
    }
    return .planes(matrix)
  }

  func reconstructor() throws -> MatrixReconstructor {
    var left = [Float](repeating: 0, count: rows)
    var right = [Float](repeating: 0, count: columns)
    var target = left.mutableSpan
    try type.decode(u.span, rank: 1, length: rows, axis: .columns, into: &target)
    target = right.mutableSpan
    try type.decode(v.span, rank: 1, length: columns, axis: .rows, into: &target)
    return .nestedPlanes(
      try NestedPlaneMatrix(
        rows: rows, columns: columns, u: left, v: right, factor: factor,
        gain: gains[gains.count - 1], planes: bits.planes,
        excess: SparseExcess(
          positions: positions, values: excess.map { Float(Float16(bitPattern: $0)) },
          elementCount: rows * columns)))
  }
}
