#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The magnitude u vᵀ of a matrix as it will be stored, and the first plane's factor.
struct Magnitude: Sendable {
  /// One value a row, as the stored bytes decode.
  let u: [Float]
  /// One value a column, as the stored bytes decode.
  let v: [Float]
  let storedU: [UInt8]
  let storedV: [UInt8]
  /// The first plane's magnitude in units of u · v.
  let factor: Float

  /// Balances |W| and makes the steps of rows and columns that matter more finer.
  init(
    _ weights: Span<Float>, rows: Int, columns: Int, columnSensitivity: [Float],
    rowSensitivity: [Float], options: NestedPlaneOptions
  ) throws(NumericsError) {
    let balance = MagnitudeBalance(weights, rows: rows, columns: columns)
    let limit = options.exponentLimit
    var v = Self.shaped(
      balance.v, by: columnSensitivity, exponent: options.columnExponent, limit: limit)
    var u = Self.shaped(
      balance.u, by: rowSensitivity, exponent: options.rowExponent, limit: limit)
    // The columns around one and the rows with all of the scale, so that neither leaves its range.
    let scale = Self.geometricMean(v) ?? 1
    v = v.map { $0 / scale }
    u = u.map { $0 * scale }
    if let steps = options.stepsPerOctave {
      v = v.map { Self.rounded($0, stepsPerOctave: steps) }
      u = u.map { Self.rounded($0, stepsPerOctave: steps) }
    }
    let type = options.vectorType
    storedU = try type.encode(u.span, rank: 1, length: rows, axis: .columns)
    storedV = try type.encode(v.span, rank: 1, length: columns, axis: .rows)
    try Self.decode(storedU, type, .columns, &u)
    try Self.decode(storedV, type, .rows, &v)
    let mean = MagnitudeBalance.mean(of: weights, rows: rows, columns: columns, u: u, v: v)
    factor = mean > 0 && mean.isFinite ? options.factor * mean : options.factor
    self.u = u
    self.v = v
  }

  /// One over each value, and zero for zero.
  static func inverse(_ values: [Float]) -> [Float] { values.map { $0 != 0 ? 1 / $0 : 0 } }

  private static func shaped(
    _ values: [Float], by sensitivity: [Float], exponent: Float, limit: Float
  ) -> [Float] {
    let loads = zip(values, sensitivity).map { $0 * $1.squareRoot() }
    guard let middle = geometricMean(loads) else { return values }
    return zip(values, loads).map { value, load in
      guard load > 0 else { return value }
      let power = exponent * log2(load / middle)
      return value * exp2(-max(-limit, min(limit, power)))
    }
  }

  private static func rounded(_ value: Float, stepsPerOctave: Float) -> Float {
    value > 0 ? exp2((log2(value) * stepsPerOctave).rounded() / stepsPerOctave) : 0
  }

  private static func geometricMean(_ values: [Float]) -> Float? {
    var sum = 0.0
    var count = 0
    for value in values where value > 0 {
      sum += log2(Double(value))
      count += 1
    }
    return count > 0 ? Float(exp2(sum / Double(count))) : nil
  }

  private static func decode(
    _ bytes: [UInt8], _ type: VectorType, _ axis: ComponentAxis, _ values: inout [Float]
  ) throws(NumericsError) {
    let length = values.count
    var span = values.mutableSpan
    try type.decode(bytes.span, rank: 1, length: length, axis: axis, into: &span)
  }
}
