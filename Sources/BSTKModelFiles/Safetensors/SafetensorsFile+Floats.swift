public import BSTKFormat

extension SafetensorsFile {
  /// Bytes converted at a time.
  private static let pieceByteCount = 1 << 20

  /// Fills `buffer` with a tensor's elements as fp32, from element `first` on, row-major.
  ///
  /// fp64 is rounded to nearest. Besides the buffer, memory for 1 MiB of elements is used.
  ///
  /// - Precondition: the tensor is one of this file's, and the elements asked for lie inside it.
  /// - Throws: `IO` when the file cannot be read, `MODEL_UNSUPPORTED` when the elements are not
  ///   floating point.
  public func readFloats(
    of tensor: SafetensorsTensor, from first: Int, into buffer: inout MutableSpan<Float>
  ) throws(BSTKError) {
    let type = tensor.description.type
    guard type.isFloatingPoint else {
      throw BSTKError(
        .modelUnsupported, "tensor \(tensor.name) has elements of type \(type.name), not floats")
    }
    let width = type.byteCount
    let pieceCount = Self.pieceByteCount / width
    var scratch: [UInt8] = []
    var done = 0
    while done < buffer.count {
      let count = min(pieceCount, buffer.count - done)
      if scratch.count != count * width {
        scratch = [UInt8](repeating: 0, count: count * width)
      }
      var bytes = scratch.mutableSpan
      try readBytes(of: tensor, from: (first + done) * width, into: &bytes)
      FloatConversion.decode(bytes.span, type: type, into: &buffer, at: done)
      done += count
    }
  }
}
