internal import BSTKFormat
internal import CSentencePiece

/// A model loaded into libsentencepiece. Any number of threads may encode with it.
@safe final class SentencePieceLibrary: Sendable {
  /// Whether bstk was built with the library.
  static var isAvailable: Bool { bstk_sentencepiece_is_available() }

  /// The library takes some sixty times a text's bytes; this keeps it below 4 GiB.
  private static let maximumTextByteCount = 64 << 20

  // SAFETY: set once, freed by nobody else before `deinit`, and the library only reads from it.
  private nonisolated(unsafe) let model: OpaquePointer

  /// Loads the bytes of a `tokenizer.model`.
  ///
  /// - Precondition: They were read as a ``SentencePieceModel`` without an error: the library
  ///   trusts what is checked there.
  init(checked bytes: Span<UInt8>) throws(BSTKError) {
    var reason = [CChar](repeating: 0, count: 512)
    // SAFETY: both pointers cover the counts given and are used only during the call.
    let model = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe reason.withUnsafeMutableBufferPointer { reason in
        unsafe bstk_sentencepiece_load(
          bytes.baseAddress, bytes.count, reason.baseAddress, reason.count)
      }
    }
    guard let model = unsafe model else {
      let bytes = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let reason = String(decoding: bytes, as: UTF8.self)
      throw SentencePieceModel.fault("is refused by libsentencepiece: \(reason)")
    }
    unsafe self.model = model
  }

  deinit {
    // SAFETY: `model` came from the library and nothing uses it any more.
    unsafe bstk_sentencepiece_free(model)
  }

  /// The ids of a text of valid UTF-8.
  ///
  /// - Throws: `TOKENIZER` when the text has more than 64 MiB or the library fails.
  func encode(_ text: Span<UInt8>) throws(BSTKError) -> [TokenID] {
    guard text.count <= Self.maximumTextByteCount else {
      throw BSTKError(
        .tokenizer, "the text has \(text.count) bytes without a place where it may be cut",
        remedy: "give token ids from a file instead of a text")
    }
    var count = 0
    // SAFETY: the pointer covers the text and is used only during the call.
    let ids = unsafe text.withUnsafeBufferPointer { text in
      unsafe bstk_sentencepiece_encode(model, text.baseAddress, text.count, &count)
    }
    guard let ids = unsafe ids else {
      throw BSTKError(
        .tokenizer, "libsentencepiece cannot encode the text",
        remedy: "give token ids from a file instead of a text")
    }
    // SAFETY: `ids` holds `count` elements until it is freed, which happens once, after the copy.
    defer { unsafe bstk_sentencepiece_free_ids(ids) }
    return unsafe UnsafeBufferPointer(start: ids, count: count).map {
      TokenID(truncatingIfNeeded: $0)
    }
  }
}
