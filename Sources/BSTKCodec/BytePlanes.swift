/// Splitting multi-byte elements into planes, so that the bytes which vary little stand together
/// and compress (Spec section "Byte planes").
///
/// For elements of w bytes, plane p holds byte p of every element, p ascending.
enum BytePlanes {
  /// Splits the elements in `range`; what stands before and behind is copied.
  ///
  /// - Precondition: the range is a whole number of elements.
  static func split(_ bytes: Span<UInt8>, _ range: Range<Int>, width: Int) -> [UInt8] {
    let (start, count) = (range.lowerBound, range.count / width)
    precondition(count * width == range.count, "elements must be whole")
    return [UInt8](capacity: bytes.count) { output in
      for index in 0..<start { output.append(bytes[index]) }
      for plane in 0..<width {
        for element in 0..<count { output.append(bytes[start + element * width + plane]) }
      }
      for index in range.upperBound..<bytes.count { output.append(bytes[index]) }
    }
  }

  /// Joins planes again, into `output`, which is as long as `bytes`.
  ///
  /// - Precondition: the range is a whole number of elements.
  static func join(
    _ bytes: Span<UInt8>, _ range: Range<Int>, width: Int, into output: inout MutableSpan<UInt8>
  ) {
    let (start, count) = (range.lowerBound, range.count / width)
    precondition(count * width == range.count, "elements must be whole")
    precondition(output.count == bytes.count, "joining keeps the length")
    for index in 0..<start { output[index] = bytes[index] }
    for index in range.upperBound..<bytes.count { output[index] = bytes[index] }
    for plane in 0..<width {
      let from = start + plane * count
      for element in 0..<count { output[start + element * width + plane] = bytes[from + element] }
    }
  }
}
