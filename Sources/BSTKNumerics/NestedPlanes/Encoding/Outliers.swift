internal import CKernels

/// The few elements beyond the planes' range: a list takes so much of each that the planes can code
/// the rest.
struct Outliers: Sendable {
  /// The list as a decoder has it, in units of u · v.
  let list: SparseExcess
  /// Its values as stored, in binary16.
  let stored: [UInt16]

  /// The least and the largest magnitude that binary16 holds.
  private static let smallest: Float = 0x1p-24
  private static let largest: Float = 65504

  init(_ weights: Span<Float>, magnitude: Magnitude) throws(NumericsError) {
    let columns = magnitude.v.count
    let limit = 2 * magnitude.factor
    let columnFactors = Magnitude.inverse(magnitude.v)
    let rowFactors = Magnitude.inverse(magnitude.u)
    var positions: [UInt32] = []
    var values: [Float] = []
    var found = [UInt32](repeating: 0, count: columns)
    for row in rowFactors.indices {
      let part = weights.extracting(row * columns..<(row + 1) * columns)
      let count = unsafe part.withUnsafeBufferPointer { part in
        guard let w = part.baseAddress else { return 0 }
        // SAFETY: weights, factors and found positions have `columns` elements each.
        return unsafe bstk_find_outliers(w, columns, rowFactors[row], columnFactors, limit, &found)
      }
      for column in found.prefix(count) {
        let value = part[Int(column)] * rowFactors[row] * columnFactors[Int(column)]
        let excess = Self.excess(abs(value) - limit, limit: limit)
        positions.append(UInt32(row * columns) + column)
        values.append(value < 0 ? -excess : excess)
      }
    }
    var narrow = [UInt16](repeating: 0, count: values.count)
    var wide = [Float](repeating: 0, count: values.count)
    var narrowSpan = narrow.mutableSpan
    HalfFloats.narrow(values.span, fp16: &narrowSpan)
    var wideSpan = wide.mutableSpan
    HalfFloats.widen(fp16: narrow.span, into: &wideSpan)
    stored = narrow
    list = try SparseExcess(positions: positions, values: wide, elementCount: weights.count)
  }

  /// What the list takes of an element that is `beyond` the range: at least that, with the fewest
  /// bits that leave a rest of the element's sign. The planes make good what is rounded, and the few
  /// values that come out take few bytes.
  static func excess(_ beyond: Float, limit: Float) -> Float {
    for mantissaBits in 0...10 {
      let mask: UInt32 = 1 << (23 - mantissaBits) - 1
      // Up to the next number with so many bits; from a binade's end into the next.
      let rounded = Float(bitPattern: (beyond.bitPattern + mask) & ~mask)
      if rounded - beyond <= limit { return max(smallest, min(largest, rounded)) }
    }
    return min(largest, beyond)
  }
}
