internal import CKernels

/// Planes of bits and the integers they make: bit `k` of every element of a matrix, packed.
///
/// Every row of a plane starts on a byte of its own and takes ceil(columns / 8) bytes, the first
/// column in the highest bit, unused bits of its last byte 0. Of n planes of one matrix the first
/// holds the bits of weight 2^(n−1), the last those of weight 1.
public enum PlanePacking {
  /// The most planes of one matrix.
  public static let maximumPlanes = Int(BSTK_MAX_PLANES)
  /// The most elements of a matrix in planes.
  public static let maximumElements = 1 << 30

  /// The bytes of one row of a plane.
  public static func rowByteCount(columns: Int) -> Int { columns / 8 + (columns % 8 + 7) / 8 }

  /// The bytes of one plane.
  ///
  /// - Throws: `invalidShape` for dimensions below 1 or more than ``maximumElements``.
  public static func byteCount(rows: Int, columns: Int) throws(NumericsError) -> Int {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard rows > 0, columns > 0, !overflow, count <= maximumElements else {
      throw .invalidShape("\(rows) × \(columns)")
    }
    return rows * rowByteCount(columns: columns)
  }

  /// Bit `bit` (0 the least significant) of every integer, as a plane.
  ///
  /// - Parameter integers: `rows` · `columns` of them, row-major.
  /// - Precondition: the count is that, and `bit` is in 0...7.
  public static func pack(
    bit: Int, of integers: Span<UInt8>, rows: Int, columns: Int
  ) -> [UInt8] {
    precondition(rows >= 0 && columns > 0 && integers.count == rows * columns, "another shape")
    precondition((0..<8).contains(bit), "a byte has no bit \(bit)")
    let rowBytes = rowByteCount(columns: columns)
    var plane = [UInt8](repeating: 0, count: rows * rowBytes)
    unsafe integers.withUnsafeBufferPointer { integers in
      unsafe plane.withUnsafeMutableBufferPointer { plane in
        guard let source = integers.baseAddress, let target = plane.baseAddress else { return }
        for row in 0..<rows {
          // SAFETY: one row of each, of `columns` values and as many bits.
          unsafe bstk_pack_plane(
            source + row * columns, columns, UInt32(bit), target + row * rowBytes)
        }
      }
    }
    return plane
  }

  /// The integers of rows `firstRow` and following, one byte each, row-major.
  ///
  /// - Precondition: 1 to 8 planes of at least the rows touched; `integers` holds whole rows.
  static func expand(
    _ planes: [[UInt8]], firstRow: Int, columns: Int, into integers: inout MutableSpan<UInt8>
  ) {
    let rows = integers.count / columns
    precondition(rows * columns == integers.count, "not whole rows")
    unsafe integers.withUnsafeMutableBufferPointer { integers in
      guard let out = integers.baseAddress else { return }
      unsafe withRows(of: planes, first: firstRow, count: rows, columns: columns) { planes in
        // SAFETY: `withRows` lends planes that hold the rows asked for.
        unsafe bstk_expand_planes(planes.baseAddress, planes.count, rows, columns, out)
      }
    }
  }

  /// Lends pointers to row `first` of every plane.
  ///
  /// - Precondition: 1 to 8 planes, each with rows `first` ..< `first` + `count`.
  static func withRows(
    of planes: [[UInt8]], first: Int, count: Int, columns: Int,
    _ body: (UnsafeBufferPointer<UnsafePointer<UInt8>?>) -> Void
  ) {
    precondition((1...maximumPlanes).contains(planes.count), "\(planes.count) planes")
    let rowBytes = rowByteCount(columns: columns)
    for plane in planes {
      precondition(first >= 0 && plane.count >= (first + count) * rowBytes, "rows outside")
    }
    unsafe lend(planes[...], offset: first * rowBytes, gathered: [], to: body)
  }

  private static func lend(
    _ planes: ArraySlice<[UInt8]>, offset: Int, gathered: [UnsafePointer<UInt8>?],
    to body: (UnsafeBufferPointer<UnsafePointer<UInt8>?>) -> Void
  ) {
    guard let plane = planes.first else {
      unsafe gathered.withUnsafeBufferPointer { unsafe body($0) }
      return
    }
    unsafe plane.withUnsafeBufferPointer { bytes in
      // SAFETY: the pointers are used only inside the closures that lend them.
      let start = unsafe bytes.baseAddress.map { unsafe $0 + offset }
      unsafe lend(planes.dropFirst(), offset: offset, gathered: gathered + [start], to: body)
    }
  }
}
