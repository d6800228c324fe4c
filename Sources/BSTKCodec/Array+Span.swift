extension [UInt8] {
  /// The bytes of a span.
  init(copying bytes: Span<UInt8>) {
    // SAFETY: the buffer is read only during the call, while the span is valid.
    self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
  }
}
