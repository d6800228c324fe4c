internal import CKernels

/// A dense matrix as it is held in memory: half-precision values as stored.
public struct HalfMatrix: Sendable {
  /// What the values are.
  public enum Element: Sendable, Hashable, CaseIterable {
    /// IEEE binary16.
    case fp16
    /// bfloat16.
    case bf16
  }

  /// Rows of the matrix (outputs of the layer).
  public let rows: Int
  /// Columns of the matrix (inputs of the layer).
  public let columns: Int
  /// What the values are.
  public let element: Element
  private let bytes: [UInt8]

  /// Checks the bytes against the shape. Values are not looked at.
  ///
  /// - Parameter bytes: the values row-major, two bytes each, little-endian.
  /// - Throws: `invalidShape` for dimensions below 1 or a product beyond 2^40 elements,
  ///   `wrongByteCount` for another length.
  public init(
    rows: Int, columns: Int, element: Element, bytes: [UInt8]
  ) throws(NumericsError) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard rows > 0, columns > 0, !overflow, count <= 1 << 40 else {
      throw .invalidShape("\(rows) × \(columns)")
    }
    guard bytes.count == 2 * count else {
      throw .wrongByteCount(expected: 2 * count, actual: bytes.count)
    }
    self.rows = rows
    self.columns = columns
    self.element = element
    self.bytes = bytes
  }

  /// The bytes held.
  public var byteCount: Int { bytes.count }

  /// Computes the weights of a range of rows that exist, on this thread.
  func rebuild(rows range: Range<Int>, into weights: inout MutableSpan<Float>) {
    precondition(weights.count == range.count * columns, "weights of another shape")
    unsafe weights.withUnsafeMutableBufferPointer { unsafe rebuild(rows: range, into: $0) }
  }

  private func rebuild(rows range: Range<Int>, into weights: UnsafeMutableBufferPointer<Float>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows outside")
    guard let out = weights.baseAddress else { return }
    // SAFETY: rows that exist, and room for their values.
    unsafe bstk_decode_vectors(
      kernelType, bytes, 1, 1, 1, range.lowerBound * columns, range.count * columns, out)
  }

  private var kernelType: bstk_vector_type {
    switch element {
    case .fp16: BSTK_VECTOR_FP16
    case .bf16: BSTK_VECTOR_BF16
    }
  }

  /// The product of ``PackedMatrix/multiply(_:into:rowStride:firstColumn:precision:)``, whose
  /// preconditions hold.
  func multiply(
    _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int, firstColumn: Int
  ) {
    let tokens = x.count / columns
    guard tokens <= TiledProduct.fewTokens else {
      unsafe TiledProduct.multiply(
        rows: rows, columns: columns, x, into: &y, rowStride: rowStride, firstColumn: firstColumn
      ) { range, tile in unsafe rebuild(rows: range, into: tile) }
      return
    }
    let (type, columns) = (kernelType, columns)
    unsafe x.withUnsafeBufferPointer { x in
      unsafe bytes.withUnsafeBytes { bytes in
        let words = unsafe bytes.assumingMemoryBound(to: UInt16.self)
        guard let start = x.baseAddress, let stored = words.baseAddress else { return }
        // SAFETY: only read meanwhile; the bytes of an array are aligned for two-byte values.
        nonisolated(unsafe) let (inputs, weights) = unsafe (start, stored)
        unsafe TiledProduct.multiply(
          rows: rows, columns: columns, tokens: tokens, into: &y, rowStride: rowStride,
          firstColumn: firstColumn
        ) { range, token, out in
          // SAFETY: rows that exist, and room for a value of each.
          unsafe bstk_multiply_halves(
            type, weights + range.lowerBound * columns, range.count, columns,
            inputs + token * columns, out)
        }
      }
    }
  }
}
