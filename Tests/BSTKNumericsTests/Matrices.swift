import BSTKNumerics

/// Seeded test matrices, row-major.
enum Matrices {
  static func gaussian(rows: Int, columns: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<rows * columns).map { _ in
      // The sum of twelve uniforms has variance 1.
      (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &generator) }
    }
  }

  /// Few large entries, rows and columns of unlike size.
  static func heavyTailed(rows: Int, columns: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed &+ 1)
    let rowScales = (0..<rows).map { _ in Float.random(in: 0.1..<3, using: &generator) }
    let columnScales = (0..<columns).map { _ in Float.random(in: 0.1..<3, using: &generator) }
    var values = gaussian(rows: rows, columns: columns, seed: seed)
    for index in values.indices {
      let value = values[index] * abs(values[index])
      values[index] = value * rowScales[index / columns] * columnScales[index % columns]
    }
    return values
  }

  /// U · V^T of a block, in plain loops.
  static func product(_ block: SignBlock) throws -> [Float] {
    let (u, vt) = (try block.decodedU(), try block.decodedVT())
    return (0..<block.rows * block.columns).map { index in
      let (row, column) = (index / block.columns, index % block.columns)
      return (0..<block.rank).reduce(Float(0)) {
        $0 + u[row * block.rank + $1] * vt[$1 * block.columns + column]
      }
    }
  }

  /// ‖a − b‖ / ‖b‖ in double precision.
  static func relativeError(_ a: [Float], _ b: [Float]) -> Double {
    var (difference, norm) = (0.0, 0.0)
    for (x, y) in zip(a, b) {
      difference += (Double(x) - Double(y)) * (Double(x) - Double(y))
      norm += Double(y) * Double(y)
    }
    return norm > 0 ? (difference / norm).squareRoot() : difference.squareRoot()
  }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
