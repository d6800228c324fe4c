public import BSTKFormat

/// Bytes at offsets: a file, a mapping, memory, or something farther away.
public protocol ByteSource: AnyObject, Sendable {
  /// The bytes there are now.
  func byteCount() throws(BSTKError) -> UInt64

  /// Lends `count` bytes at `offset` to `body`.
  ///
  /// - Throws: `TOO_SHORT` when the source ends before, and what `body` throws.
  func withBytes<Result>(
    at offset: UInt64, count: Int, _ body: (Span<UInt8>) throws(BSTKError) -> Result
  ) throws(BSTKError) -> Result
}

extension ByteSource {
  /// A copy of `count` bytes at `offset`.
  public func bytes(at offset: UInt64, count: Int) throws(BSTKError) -> [UInt8] {
    try withBytes(at: offset, count: count) { bytes throws(BSTKError) in
      // SAFETY: the buffer is read only during the call, while the span is valid.
      unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }
  }
}

extension BSTKError {
  /// The error of a source that ends before what was asked for.
  static func endOfSource(at offset: UInt64, count: Int, byteCount: UInt64) -> BSTKError {
    BSTKError(
      .tooShort, "\(count) bytes are asked for, the file ends at \(byteCount)", offset: offset)
  }
}
