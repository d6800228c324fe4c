import BSTKNumerics

/// Random matrices in code, and their products.
enum PackedSamples {
  struct Halves {
    let matrix: PackedMatrix
    let weights: [Float]
  }

  /// Sign blocks with random signs.
  static func blocks(
    rows: Int, columns: Int, ranks: [Int], type: VectorType
  ) throws -> [SignBlock] {
    var generator = SeededGenerator(seed: UInt64(rows * 1000 + columns))
    return try ranks.map { rank in
      let low: Float = type == .log8 ? 0 : -1
      let u = (0..<rows * rank).map { _ in Float.random(in: low...1, using: &generator) }
      let vt = (0..<columns * rank).map { _ in Float.random(in: low...1, using: &generator) }
      return try SignBlock(
        rows: rows, columns: columns, rank: rank, vectorType: type,
        signs: (0..<(rows * columns + 7) / 8).map { _ in
          UInt8.random(in: 0...255, using: &generator)
        },
        u: type.encode(u.span, rank: rank, length: rows, axis: .columns),
        vt: type.encode(vt.span, rank: rank, length: columns, axis: .rows))
    }
  }

  static func halves(
    rows: Int, columns: Int, element: HalfMatrix.Element
  ) throws -> Halves {
    let values = inputs(rows * columns, seed: 5)
    let patterns = values.map { value in
      switch element {
      case .fp16: Float16(value).bitPattern
      case .bf16: UInt16(value.bitPattern >> 16)
      }
    }
    let matrix = try HalfMatrix(
      rows: rows, columns: columns, element: element,
      bytes: patterns.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] })
    return Halves(
      matrix: .halves(matrix),
      weights: patterns.map { pattern in
        switch element {
        case .fp16: Float(Float16(bitPattern: pattern))
        case .bf16: Float(bitPattern: UInt32(pattern) << 16)
        }
      })
  }

  /// Values of which a few are large.
  static func inputs(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      let value = Float.random(in: -2...2, using: &generator)
      return value * value * value
    }
  }

  /// One matrix of every kind and some more.
  static func matrices(rows: Int, columns: Int) throws -> [PackedMatrix] {
    var matrices: [PackedMatrix] = []
    for planes in 1...8 {
      let type = VectorType.allCases[planes % 4]
      matrices.append(
        try PackedPlanesSample(
          rows: rows, columns: columns, planes: planes, type: type, seed: 1, listed: planes % 3
        ).packed())
    }
    for ranks in [[1], [2, 1], [3, 3, 1]] {
      let blocks = try blocks(rows: rows, columns: columns, ranks: ranks, type: .int8)
      var matrix = PackedMatrix.signs(try PackedSigns(blocks[0]))
      for block in blocks.dropFirst() { try matrix.append(block) }
      matrices.append(matrix)
    }
    for element in HalfMatrix.Element.allCases {
      matrices.append(try halves(rows: rows, columns: columns, element: element).matrix)
    }
    return matrices
  }

  /// The product, in rows of `rowStride` values that were 99 before.
  static func multiply(
    _ matrix: PackedMatrix, _ x: [Float], rowStride: Int? = nil, firstColumn: Int = 0,
    precision: ProductPrecision = .rounded
  ) -> [Float] {
    let rowStride = rowStride ?? matrix.rows
    var y = [Float](repeating: 99, count: x.count / matrix.columns * rowStride)
    var target = y.mutableSpan
    matrix.multiply(
      x.span, into: &target, rowStride: rowStride, firstColumn: firstColumn, precision: precision)
    return y
  }

  /// How far y is from W · x, in units of the norm that a product of such sizes has at random.
  static func error(_ y: [Float], weights: [Float], x: ArraySlice<Float>) -> Double {
    let columns = x.count
    var (difference, size) = (0.0, 0.0)
    for row in y.indices {
      var (sum, squares) = (0.0, 0.0)
      for (column, value) in x.enumerated() {
        let product = Double(weights[row * columns + column]) * Double(value)
        sum += product
        squares += product * product
      }
      difference += (Double(y[row]) - sum) * (Double(y[row]) - sum)
      size += squares
    }
    return size > 0 ? (difference / size).squareRoot() : difference.squareRoot()
  }
}
