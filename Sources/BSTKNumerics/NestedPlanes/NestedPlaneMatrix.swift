internal import CKernels

/// A matrix coded by a rank-1 magnitude and the first n of its planes of bits.
///
/// With B(r, c) the integer of n bits at row r and column c, most significant plane first,
///
///     W(r, c) = u(r) · v(c) · (gain · factor · 2^(1−n) · (2 B(r, c) − (2^n − 1)) + e(r, c)),
///
/// where e is the excess of the few elements that have one. Every further plane halves the step of
/// the same grid and brings a gain of its own, which replaces the one before.
public struct NestedPlaneMatrix: Sendable {
  /// The largest absolute value of a gain.
  public static let maximumGain: Float = 1024

  /// Rows of the matrix (outputs of the layer).
  public let rows: Int
  /// Columns of the matrix (inputs of the layer).
  public let columns: Int
  /// The planes, most significant first, packed as ``PlanePacking`` says.
  public let planes: [[UInt8]]
  /// What single elements hold beyond their planes.
  public let excess: SparseExcess
  private let u: [Float]
  private let v: [Float]
  /// gain · factor · 2^(1−n) · u and v, as ``PlaneScales`` shares the powers of two out.
  private let rowScales: [Float]
  private let columnScales: [Float]

  /// Checks the parts against each other. Unused bits of the planes are not looked at.
  ///
  /// - Parameters:
  ///   - u: a magnitude for each row.
  ///   - v: a magnitude for each column.
  ///   - gain: the one stored with the last of the planes.
  /// - Throws: `invalidShape` for impossible dimensions or counts, `wrongByteCount` for a plane of
  ///   the wrong length, `notFinite` for a value of `u` or `v`, `invalidPosition` for an excess
  ///   outside the matrix, `scaleOutOfRange` for a gain beyond ``maximumGain`` and where
  ///   max|u| · max|v| · (2048 · |factor| + max|e|) is not below 2^120.
  public init(
    rows: Int, columns: Int, u: [Float], v: [Float], factor: Float, gain: Float,
    planes: [[UInt8]], excess: SparseExcess = .none
  ) throws(NumericsError) {
    let planeBytes = try PlanePacking.byteCount(rows: rows, columns: columns)
    guard u.count == rows, v.count == columns else {
      throw .invalidShape("vectors of \(u.count) and \(v.count) for \(rows) × \(columns)")
    }
    guard (1...PlanePacking.maximumPlanes).contains(planes.count) else {
      throw .invalidShape("\(planes.count) planes")
    }
    for plane in planes where plane.count != planeBytes {
      throw .wrongByteCount(expected: planeBytes, actual: plane.count)
    }
    if let last = excess.positions.last, Int(last) >= rows * columns {
      throw .invalidPosition(index: excess.positions.count - 1)
    }
    let (uPeak, vPeak) = (try PlaneScales.peak(u), try PlaneScales.peak(v))
    let excessPeak = try PlaneScales.peak(excess.values)
    try PlaneScales.check(gain: gain)
    try PlaneScales.check(uPeak: uPeak, vPeak: vPeak, factor: factor, excessPeak: excessPeak)
    let scales = PlaneScales(
      vPeak: vPeak, factor: factor, gain: gain, planeCount: planes.count)
    rowScales = u.map { scales.row($0) }
    columnScales = v.map { scales.column($0) }
    self.rows = rows
    self.columns = columns
    self.u = u
    self.v = v
    self.planes = planes
    self.excess = excess
  }

  /// Computes rows `rowRange` of the weights (all by default).
  ///
  /// Every weight is the same whatever the range, the threads and the processor.
  ///
  /// - Parameter weights: the rows of the range, row-major.
  /// - Precondition: the range lies inside, and `weights` has `rowRange.count` · columns elements.
  public func reconstruct(rows rowRange: Range<Int>? = nil, into weights: inout MutableSpan<Float>)
  {
    let rowRange = checked(rowRange, elementCount: weights.count)
    // A quarter of a megabyte of weights a panel.
    let panelRows = max(1, (1 << 16) / columns)
    let panels = (rowRange.count + panelRows - 1) / panelRows
    unsafe weights.withUnsafeMutableBufferPointer { weights in
      // SAFETY: every panel writes its own rows.
      nonisolated(unsafe) let target = unsafe weights
      Parallel.forEach(panels) { panel in
        let first = panel * panelRows
        let count = min(panelRows, rowRange.count - first)
        let part = unsafe UnsafeMutableBufferPointer(
          rebasing: target[first * columns..<(first + count) * columns])
        unsafe rebuild(rows: rowRange.lowerBound + first, count: count, into: part)
      }
    }
  }

  /// The weights of one row.
  ///
  /// - Precondition: the matrix has it.
  public func row(_ row: Int) -> [Float] {
    var weights = [Float](repeating: 0, count: columns)
    var target = weights.mutableSpan
    reconstruct(rows: row..<row + 1, into: &target)
    return weights
  }

  /// The integers B of rows `rowRange` (all by default), one byte each.
  ///
  /// - Precondition: as for the weights.
  public func expand(rows rowRange: Range<Int>? = nil, into integers: inout MutableSpan<UInt8>) {
    let rowRange = checked(rowRange, elementCount: integers.count)
    PlanePacking.expand(
      planes, firstRow: rowRange.lowerBound, columns: columns, into: &integers)
  }

  private func checked(_ rowRange: Range<Int>?, elementCount: Int) -> Range<Int> {
    let rowRange = rowRange ?? 0..<rows
    precondition(rowRange.lowerBound >= 0 && rowRange.upperBound <= rows, "rows outside")
    precondition(elementCount == rowRange.count * columns, "weights of another shape")
    return rowRange
  }

  /// - Precondition: `weights` holds the rows `first` ..< `first` + `count`, which exist.
  private func rebuild(rows first: Int, count: Int, into weights: UnsafeMutableBufferPointer<Float>)
  {
    unsafe PlanePacking.withRows(of: planes, first: first, count: count, columns: columns) {
      planes in
      unsafe rowScales.withUnsafeBufferPointer { scales in
        unsafe columnScales.withUnsafeBufferPointer { v in
          guard let scale = scales.baseAddress, let out = weights.baseAddress else { return }
          // SAFETY: the init checked that there is a scale for every row and column.
          unsafe bstk_rebuild_planes(
            planes.baseAddress, planes.count, count, columns, scale + first, v.baseAddress, out)
        }
      }
    }
    let start = first * columns
    for index in excess.indices(of: start..<start + count * columns) {
      let position = Int(excess.positions[index])
      let (row, column) = position.quotientAndRemainder(dividingBy: columns)
      let value = Double(u[row]) * Double(v[column]) * Double(excess.values[index])
      unsafe weights[position - start] += Float(value)
    }
  }
}
