internal import CKernels

/// The few elements beyond the planes' range: clipped for the planes, with what was cut off in a
/// list.
struct Outliers: Sendable {
  /// row · columns + column, ascending.
  let positions: [UInt32]
  /// What is cut off, as binary16, in units of u · v.
  let excess: [UInt16]
  /// The same as it decodes.
  let values: [Float]

  /// The largest magnitude that binary16 holds.
  private static let largest: Float = 65504

  init(_ weights: Span<Float>, magnitude: Magnitude) {
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
    self.positions = positions
    excess = narrow
    self.values = wide
  }

  /// The outliers in some rows.
  func indices(in rows: Range<Int>, columns: Int) -> Range<Int> {
    let low = first(atOrAbove: rows.lowerBound * columns)
    return low..<first(atOrAbove: rows.upperBound * columns)
  }

  private func first(atOrAbove position: Int) -> Int {
    var (low, high) = (0, positions.count)
    while low < high {
      let middle = (low + high) / 2
      if Int(positions[middle]) < position { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
