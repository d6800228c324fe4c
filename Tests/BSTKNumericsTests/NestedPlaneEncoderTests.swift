import Testing

@testable import BSTKNumerics

/// The encoder of nested planes against sums written out in double precision.
@Suite(.serialized) struct NestedPlaneEncoderTests {
  /// A matrix with uneven rows and columns, correlated moments, and uneven rows' sensitivities.
  struct Problem {
    let rows: Int
    let columns: Int
    var weights: [Float]
    let moments: [Float]
    let sensitivity: [Float]

    init(rows: Int, columns: Int, seed: UInt64 = 1) {
      var random = RandomNumbers(seed: seed)
      func normal() -> Float { Self.normal(&random) }
      let rowScale = (0..<rows).map { _ in 1 + abs(normal()) }
      let columnScale = (0..<columns).map { _ in 0.2 + abs(normal()) }
      var weights: [Float] = []
      for row in 0..<rows {
        for column in 0..<columns {
          // Tails longer than normal ones, so that there are outliers.
          let value = normal()
          weights.append(
            0.02 * rowScale[row] * columnScale[column] * value * (abs(normal()) > 2.2 ? 6 : 1))
        }
      }
      // Four common causes and noise of its own in every column.
      let causes = (0..<4).map { _ in (0..<columns).map { _ in normal() } }
      var moments = [Float](repeating: 0, count: columns * columns)
      for row in 0..<columns {
        for column in 0...row {
          let shared = causes.reduce(Float(0)) { $0 + $1[row] * $1[column] }
          let value =
            columnScale[columns - 1 - row] * columnScale[columns - 1 - column]
            * (shared + (row == column ? 1 : 0))
          moments[row * columns + column] = value
          moments[column * columns + row] = value
        }
      }
      self.rows = rows
      self.columns = columns
      self.weights = weights
      self.moments = moments
      sensitivity = (0..<rows).map { _ in abs(normal()) + 0.01 }
    }

    /// Nearly normal: the sum of twelve uniform values.
    private static func normal(_ random: inout RandomNumbers) -> Float {
      (0..<12).reduce(Float(0)) { sum, _ in sum + random.symmetricUnit() } / 2
    }

    func encode(_ options: NestedPlaneOptions = NestedPlaneOptions()) throws -> NestedPlaneCode {
      try NestedPlaneEncoder(options: options).encode(
        weights.span, rows: rows, columns: columns, moments: .full(moments),
        rowSensitivity: sensitivity)
    }

    /// ½ Σ F_r (E H Eᵀ)_rr with the damping that the encoder adds.
    func loss(of code: NestedPlaneCode, planes: Int) throws -> Double {
      let values = try Self.values(of: code, planes: planes)
      let mean = (0..<columns).reduce(0.0) { $0 + Double(moments[$1 * columns + $1]) }
      let damping = 0.02 * mean / Double(columns)
      var total = 0.0
      for row in 0..<rows {
        let errors = (0..<columns).map {
          Double(weights[row * columns + $0]) - values[row * columns + $0]
        }
        var sum = 0.0
        for a in 0..<columns {
          for b in 0..<columns {
            let moment = Double(moments[a * columns + b]) + (a == b ? damping : 0)
            sum += errors[a] * moment * errors[b]
          }
        }
        total += Double(sensitivity[row]) * sum / 2
      }
      return total
    }

    /// The matrix by the formula, in double precision; with no planes the outliers' excess alone.
    static func values(of code: NestedPlaneCode, planes: Int) throws -> [Double] {
      func decoded(_ bytes: [UInt8], _ length: Int, _ axis: ComponentAxis) throws -> [Float] {
        var values = [Float](repeating: 0, count: length)
        var span = values.mutableSpan
        try code.vectorType.decode(bytes.span, rank: 1, length: length, axis: axis, into: &span)
        return values
      }
      let u = try decoded(code.u, code.rows, .columns)
      let v = try decoded(code.v, code.columns, .rows)
      var excess = [Double](repeating: 0, count: code.rows * code.columns)
      for (position, bits) in zip(code.outlierPositions, code.outlierExcess) {
        excess[Int(position)] = Double(Float(Float16(bitPattern: bits)))
      }
      let rowBytes = (code.columns + 7) / 8
      var values: [Double] = []
      for row in 0..<code.rows {
        for column in 0..<code.columns {
          var bits = 0
          for plane in code.planes.prefix(planes) {
            bits = bits << 1 | Int(plane[row * rowBytes + column / 8] >> UInt8(7 - column % 8) & 1)
          }
          let integer = 2 * bits - ((1 << planes) - 1)
          let level =
            planes == 0
            ? 0
            : Double(code.gains[planes - 1]) * Double(code.factor) * Double(integer)
              / Double(1 << (planes - 1))
          values.append(
            Double(u[row]) * Double(v[column]) * (level + excess[row * code.columns + column]))
        }
      }
      return values
    }
  }

  @Test(arguments: [(33, 40), (1, 70), (130, 65), (20, 1)])
  func lossesAreThoseOfTheValuesThatPlanesStandFor(_ shape: (Int, Int)) throws {
    let problem = Problem(rows: shape.0, columns: shape.1)
    let code = try problem.encode()
    #expect(code.planes.count == 7 && code.losses.count == 8)
    for planes in 0...7 {
      let expected = try problem.loss(of: code, planes: planes)
      #expect(abs(code.losses[planes] - expected) <= 1e-3 * expected + 1e-9 * code.losses[0])
    }
    // The magnitudes of a single row or column are exact, and the first plane says all.
    guard shape.0 > 1, shape.1 > 1 else { return }
    for planes in 1...7 { #expect(code.losses[planes] < code.losses[planes - 1]) }
  }

  @Test func gainsAreTheBestOnes() throws {
    let problem = Problem(rows: 40, columns: 48)
    let code = try problem.encode()
    for planes in 1...7 {
      for factor: Float in [0.98, 1.02] {
        var gains = code.gains
        gains[planes - 1] *= factor
        let moved = NestedPlaneCode(
          rows: code.rows, columns: code.columns, u: code.u, v: code.v,
          vectorType: code.vectorType, factor: code.factor, planes: code.planes, gains: gains,
          outlierPositions: code.outlierPositions, outlierExcess: code.outlierExcess,
          losses: code.losses)
        #expect(
          try problem.loss(of: moved, planes: planes) > problem.loss(of: code, planes: planes))
      }
    }
  }

  @Test func feedbackLowersTheLossAtEveryLevelItIsMeantFor() throws {
    let problem = Problem(rows: 64, columns: 96)
    let code = try problem.encode()
    let plain = try NestedPlaneEncoder().encode(
      problem.weights.span, rows: 64, columns: 96,
      moments: .diagonal((0..<96).map { problem.moments[$0 * 96 + $0] }),
      rowSensitivity: problem.sensitivity)
    for planes in 3...6 {
      #expect(
        try problem.loss(of: code, planes: planes) < 0.9 * problem.loss(of: plain, planes: planes))
    }
  }

  @Test func everyNumberOfThreadsGivesTheSameBytes() throws {
    let problem = Problem(rows: 300, columns: 530)
    let before = BLAS.threadCount
    defer { BLAS.threadCount = before }
    let codes = try [1, 2, 4].map { threads in
      BLAS.threadCount = threads
      return try problem.encode()
    }
    for code in codes.dropFirst() {
      #expect(code.planes == codes[0].planes && code.gains == codes[0].gains)
      #expect(code.u == codes[0].u && code.v == codes[0].v && code.losses == codes[0].losses)
    }
  }

  @Test(arguments: 1...8) func everyNumberOfPlanesWorks(_ planes: Int) throws {
    let problem = Problem(rows: 24, columns: 33)
    var options = NestedPlaneOptions()
    options.planeCount = planes
    let code = try problem.encode(options)
    #expect(code.planes.count == planes && code.gains.count == planes)
    let expected = try problem.loss(of: code, planes: planes)
    #expect(abs(code.losses[planes] - expected) <= 1e-3 * expected + 1e-9 * code.losses[0])
  }

  @Test func theListTakesAtLeastWhatIsBeyondTheRange() {
    var random = RandomNumbers(seed: 9)
    let limit: Float = 7
    for index in 0..<2000 {
      let beyond = Float(
        sign: .plus, exponent: index % 24 - 12, significand: 1.5 + random.symmetricUnit() / 2)
      let excess = Outliers.excess(beyond, limit: limit)
      #expect(Float(Float16(excess)) == excess)
      #expect(excess >= beyond && excess - beyond <= limit)
      // Two bits behind the first are enough as far as four times the range.
      if beyond <= 4 * limit { #expect(Float16(excess).bitPattern & 0xFF == 0) }
    }
    #expect(Outliers.excess(1e-12, limit: limit) == 0x1p-24)
    #expect(Outliers.excess(5, limit: limit) == 8 && Outliers.excess(20, limit: limit) == 24)
    #expect(Outliers.excess(1e9, limit: limit) == 65504)
  }

  @Test func outliersAreKept() throws {
    var problem = Problem(rows: 32, columns: 64)
    problem.weights[5 * 64 + 7] = 30
    problem.weights[31 * 64 + 63] = -30
    let code = try problem.encode()
    #expect(code.outlierPositions.contains(5 * 64 + 7))
    #expect(code.outlierPositions.last == UInt32(31 * 64 + 63))
    #expect(zip(code.outlierPositions, code.outlierPositions.dropFirst()).allSatisfy { $0 < $1 })
    let values = try Problem.values(of: code, planes: 7)
    #expect(abs(values[5 * 64 + 7] - 30) < 1.5 && abs(values[31 * 64 + 63] + 30) < 1.5)
  }

  @Test func rowsAndColumnsOfZerosStayZero() throws {
    var problem = Problem(rows: 40, columns: 24)
    for column in 0..<24 { problem.weights[3 * 24 + column] = 0 }
    for row in 0..<40 { problem.weights[row * 24 + 11] = 0 }
    let values = try Problem.values(of: try problem.encode(), planes: 7)
    #expect((0..<24).allSatisfy { values[3 * 24 + $0] == 0 })
    #expect((0..<40).allSatisfy { values[$0 * 24 + 11] == 0 })
    problem.weights = [Float](repeating: 0, count: 40 * 24)
    #expect(try Problem.values(of: try problem.encode(), planes: 7).allSatisfy { $0 == 0 })
  }

  @Test func withoutStatisticsAllCountAlike() throws {
    let problem = Problem(rows: 32, columns: 40)
    let code = try NestedPlaneEncoder().encode(problem.weights.span, rows: 32, columns: 40)
    let values = try Problem.values(of: code, planes: 7)
    let error = zip(values, problem.weights).reduce(0.0) { sum, pair in
      sum + (pair.0 - Double(pair.1)) * (pair.0 - Double(pair.1))
    }
    let norm = problem.weights.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(error < 0.003 * norm)
  }

  @Test func valuesThatAreNoNumbersAreRefused() throws {
    var problem = Problem(rows: 8, columns: 8)
    problem.weights[9] = .nan
    #expect(throws: NumericsError.notFinite(index: 9)) { try problem.encode() }
    problem.weights[9] = 0
    let encoder = try NestedPlaneEncoder()
    #expect(throws: NumericsError.self) {
      try encoder.encode(
        problem.weights.span, rows: 8, columns: 8, moments: .diagonal([1, 2, -1, 1, 1, 1, 1, 1]))
    }
    #expect(throws: NumericsError.self) {
      try encoder.encode(
        problem.weights.span, rows: 8, columns: 8, rowSensitivity: [Float](repeating: 1, count: 7))
    }
    #expect(throws: NumericsError.cancelled) {
      try encoder.encode(problem.weights.span, rows: 8, columns: 8, isCancelled: { true })
    }
  }
}
