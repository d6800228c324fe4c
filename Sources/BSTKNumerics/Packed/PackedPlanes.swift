internal import CKernels

/// A matrix of nested planes as it is held in memory: the parts as stored, all gains kept.
///
/// The weights are those of ``NestedPlaneMatrix``. Removing planes brings back the gain of the last
/// one left.
public struct PackedPlanes: Sendable {
  /// Rows of the matrix (outputs of the layer).
  public let rows: Int
  /// Columns of the matrix (inputs of the layer).
  public let columns: Int
  private(set) var planes: [[UInt8]]
  private var gains: [Float]
  private let u: PackedVectors
  private let v: PackedVectors
  private let factor: Float
  private let vPeak: Float
  private let excess: PackedExcess

  /// Takes the first plane and what is stored with it.
  ///
  /// - Parameters:
  ///   - plane: packed as ``PlanePacking`` says; unused bits are not looked at.
  ///   - vectorType: how `u`, a magnitude for each row, and `v`, one for each column, are stored.
  ///   - gain: the one stored with this plane.
  ///   - positions: element numbers of the sparse list, ascending.
  ///   - excess: their excesses as bit patterns of binary16.
  /// - Throws: `invalidShape` for impossible dimensions or counts, `wrongByteCount` for a part of
  ///   the wrong length, `notFinite` for a value of `u`, `v` or the excess, `invalidPosition` for a
  ///   position outside the matrix or out of order, `scaleOutOfRange` for a gain beyond
  ///   ``NestedPlaneMatrix/maximumGain`` and where max|u| · max|v| · (2048 · |factor| + max|e|) is
  ///   not below 2^120.
  public init(
    rows: Int, columns: Int, plane: [UInt8], vectorType: VectorType, u: [UInt8], v: [UInt8],
    factor: Float, gain: Float, positions: [UInt32] = [], excess: [UInt16] = []
  ) throws(NumericsError) {
    let planeBytes = try PlanePacking.byteCount(rows: rows, columns: columns)
    guard plane.count == planeBytes else {
      throw .wrongByteCount(expected: planeBytes, actual: plane.count)
    }
    self.u = try PackedVectors(u, type: vectorType, rank: 1, length: rows, axis: .columns)
    self.v = try PackedVectors(v, type: vectorType, rank: 1, length: columns, axis: .rows)
    self.excess = try PackedExcess(
      positions: positions, bits: excess, elementCount: rows * columns)
    vPeak = self.v.peak
    try PlaneScales.check(gain: gain)
    try PlaneScales.check(
      uPeak: self.u.peak, vPeak: vPeak, factor: factor, excessPeak: self.excess.peak)
    self.rows = rows
    self.columns = columns
    self.factor = factor
    planes = [plane]
    gains = [gain]
  }

  /// The planes held, at least 1.
  public var levelCount: Int { planes.count }

  /// The bytes held.
  public var byteCount: Int {
    planes.count * (planes[0].count + 4) + 4 + u.byteCount + v.byteCount + excess.byteCount
  }

  /// Adds the next plane.
  ///
  /// - Parameter gain: the one stored with it, in force while it is the last.
  /// - Throws: `invalidShape` where there are ``PlanePacking/maximumPlanes`` already,
  ///   `wrongByteCount` for a plane of another length, `scaleOutOfRange` for a gain beyond
  ///   ``NestedPlaneMatrix/maximumGain``.
  public mutating func append(plane: [UInt8], gain: Float) throws(NumericsError) {
    guard planes.count < PlanePacking.maximumPlanes else {
      throw .invalidShape("\(planes.count + 1) planes")
    }
    guard plane.count == planes[0].count else {
      throw .wrongByteCount(expected: planes[0].count, actual: plane.count)
    }
    try PlaneScales.check(gain: gain)
    planes.append(plane)
    gains.append(gain)
  }

  /// Frees the last `count` planes.
  ///
  /// - Precondition: at least one stays.
  public mutating func removeLast(_ count: Int) {
    precondition(count >= 0 && count < planes.count, "the first level stays")
    planes.removeLast(count)
    gains.removeLast(count)
  }

  /// Lends everything as the kernels take it.
  func lend(_ body: (bstk_planes) -> Void) {
    let scales = PlaneScales(
      vPeak: vPeak, factor: factor, gain: gains[gains.count - 1], planeCount: planes.count)
    unsafe PlanePointers.lend(planes) { planes in
      unsafe u.lend { u in
        unsafe v.lend { v in
          unsafe excess.lend { positions, excess in
            // SAFETY: the pointers are used only inside the closures that lend them.
            var matrix = unsafe bstk_planes()
            unsafe matrix.rows = rows
            unsafe matrix.columns = columns
            unsafe planes.copy(to: &matrix.planes)
            unsafe matrix.count = gains.count
            unsafe matrix.u = u
            unsafe matrix.v = v
            unsafe matrix.row_step = scales.rowStep
            unsafe matrix.column_step = scales.columnStep
            unsafe matrix.positions = positions.baseAddress
            unsafe matrix.excess = excess.baseAddress
            unsafe matrix.listed = positions.count
            unsafe body(matrix)
          }
        }
      }
    }
  }

  /// Computes the weights of a range of rows that exist, on this thread.
  func rebuild(rows range: Range<Int>, into weights: inout MutableSpan<Float>) {
    precondition(weights.count == range.count * columns, "weights of another shape")
    unsafe weights.withUnsafeMutableBufferPointer { weights in
      unsafe lend { matrix in
        unsafe withColumnScales(matrix) { scales in
          unsafe Self.rebuild(matrix, rows: range, scales, into: weights)
        }
      }
    }
  }

  func withColumnScales(
    _ matrix: bstk_planes, _ body: (UnsafePointer<Float>) -> Void
  ) {
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { scales in
      guard let first = scales.baseAddress else { return }
      // SAFETY: room for all columns.
      unsafe v.decode(0..<columns, into: first)
      unsafe bstk_scale_values(first, matrix.column_step, nil, columns, first)
      unsafe body(first)
    }
  }

  static func rebuild(
    _ matrix: bstk_planes, rows: Range<Int>, _ columnScales: UnsafePointer<Float>,
    into weights: UnsafeMutableBufferPointer<Float>
  ) {
    guard let out = weights.baseAddress else { return }
    // SAFETY: rows that exist, and room for them.
    unsafe withUnsafePointer(to: matrix) {
      unsafe bstk_planes_rebuild($0, rows.lowerBound, rows.count, columnScales, out)
    }
  }
}
