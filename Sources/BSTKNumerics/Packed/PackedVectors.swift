internal import CKernels

/// Magnitude vectors in their stored type, decoded a range at a time.
struct PackedVectors: Sendable {
  private let bytes: [UInt8]
  private let type: VectorType
  private let rank: Int
  private let length: Int
  private let axis: ComponentAxis

  /// Checks the bytes against the shape, and that every value is a number.
  ///
  /// - Throws: `invalidShape`, `wrongByteCount`, `notFinite`.
  init(
    _ bytes: [UInt8], type: VectorType, rank: Int, length: Int, axis: ComponentAxis
  ) throws(NumericsError) {
    let expected = try type.byteCount(rank: rank, length: length)
    guard bytes.count == expected else {
      throw .wrongByteCount(expected: expected, actual: bytes.count)
    }
    self.bytes = bytes
    self.type = type
    self.rank = rank
    self.length = length
    self.axis = axis
    for start in stride(from: 0, to: count, by: Self.stretch) {
      let part = values(start..<min(count, start + Self.stretch))
      if let index = part.firstIndex(where: { !$0.isFinite }) {
        throw .notFinite(index: start + index)
      }
    }
  }

  /// Values decoded at a time where all are looked at.
  private static let stretch = 4096

  var count: Int { rank * length }

  var byteCount: Int { bytes.count }

  /// The largest absolute value.
  var peak: Float {
    var peak: Float = 0
    for start in stride(from: 0, to: count, by: Self.stretch) {
      for value in values(start..<min(count, start + Self.stretch)) { peak = max(peak, abs(value)) }
    }
    return peak
  }

  /// The value at `index` of the row-major factor.
  subscript(index: Int) -> Float {
    var value: Float = 0
    // SAFETY: one value.
    unsafe decode(index..<index + 1, into: &value)
    return value
  }

  /// The values at `range` of the row-major factor.
  func values(_ range: Range<Int>) -> [Float] {
    var values = [Float](repeating: 0, count: range.count)
    // SAFETY: as many values as the range asks for.
    unsafe decode(range, into: &values)
    return values
  }

  /// - Precondition: `values` holds as many as the range, which lies inside.
  func decode(_ range: Range<Int>, into values: UnsafeMutablePointer<Float>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "values outside")
    let divisor =
      switch axis {
      case .columns: 1
      case .rows: length
      }
    // SAFETY: the init checked that the bytes hold scales and values of the whole factor.
    unsafe bstk_decode_vectors(
      type.kernelType, bytes, rank, divisor, rank, range.lowerBound, range.count, values)
  }

  /// Lends the bytes as the kernels take them.
  func lend(_ body: (bstk_vectors) -> Void) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe body(bstk_vectors(type: type.kernelType, bytes: bytes.baseAddress, rank: rank))
    }
  }
}

extension VectorType {
  fileprivate var kernelType: bstk_vector_type {
    switch self {
    case .fp16: BSTK_VECTOR_FP16
    case .bf16: BSTK_VECTOR_BF16
    case .int8: BSTK_VECTOR_INT8
    case .log8: BSTK_VECTOR_LOG8
    }
  }
}
