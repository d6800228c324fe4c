/// Splitting multi-byte elements into planes, so that the bytes which vary little stand together
/// and compress (Spec section "Byte planes").
///
/// For elements of w bytes, plane p holds byte p of every element, p ascending.
enum BytePlanes {
  /// Splits `bytes` from `start` on; what stands before is copied.
  ///
  /// - Precondition: the rest is a whole number of elements.
  static func split(_ bytes: Span<UInt8>, start: Int, width: Int) -> [UInt8] {
    let count = (bytes.count - start) / width
    precondition(start + count * width == bytes.count, "elements must be whole")
    return [UInt8](capacity: bytes.count) { output in
      for index in 0..<start { output.append(bytes[index]) }
      for plane in 0..<width {
        for element in 0..<count { output.append(bytes[start + element * width + plane]) }
      }
    }
  }

  /// Joins planes again, into `output`, which is as long as `bytes`.
  ///
  /// - Precondition: the rest is a whole number of elements.
  static func join(
    _ bytes: Span<UInt8>, start: Int, width: Int, into output: inout MutableSpan<UInt8>
  ) {
    let count = (bytes.count - start) / width
    precondition(start + count * width == bytes.count, "elements must be whole")
    precondition(output.count == bytes.count, "joining keeps the length")
    for index in 0..<start { output[index] = bytes[index] }
    for plane in 0..<width {
      let from = start + plane * count
      for element in 0..<count { output[start + element * width + plane] = bytes[from + element] }
    }
  }
}
