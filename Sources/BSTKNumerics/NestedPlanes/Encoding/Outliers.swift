internal import CKernels

/// The few elements beyond the planes' range: clipped for the planes, with what was cut off in a
/// list.
struct Outliers: Sendable {
  /// The list as a decoder has it, in units of u · v.
  let list: SparseExcess
  /// Its values as stored, in binary16.
  let stored: [UInt16]

  /// The largest magnitude that binary16 holds.
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
        let beyond = value - (value < 0 ? -limit : limit)
        positions.append(UInt32(row * columns) + column)
        values.append(max(-Self.largest, min(Self.largest, beyond)))
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
}
