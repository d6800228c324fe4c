public import BSTKFormat

/// Token ids written in a file: the way round a tokenizer that is not known.
public enum TokenFile {
  /// Reads ids separated by white space, or a JSON array of them.
  ///
  /// - Throws: `BSTKError` with code `TOKENIZER` where something else stands, or an id of 2^32 and
  ///   above.
  public static func parse(_ bytes: Span<UInt8>) throws(BSTKError) -> [TokenID] {
    var tokens: [TokenID] = []
    var position = skipSpace(bytes, 0)
    let isArray = position < bytes.count && bytes[position] == UInt8(ascii: "[")
    if isArray { position = skipSpace(bytes, position + 1) }
    while position < bytes.count, bytes[position] != UInt8(ascii: "]") {
      let start = position
      var value: UInt64 = 0
      while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 {
        value = value * 10 + UInt64(bytes[position] - 0x30)
        position += 1
        guard value <= UInt32.max else { throw fault("a token id is too large", start) }
      }
      let end = position
      position = skipSpace(bytes, position)
      let isSeparated =
        isArray
        ? position < bytes.count
          && (bytes[position] == UInt8(ascii: ",") || isClosing(bytes, position))
        : position > end || position == bytes.count
      guard end > start, isSeparated else { throw fault("a token id is expected", end) }
      tokens.append(TokenID(value))
      if isArray, bytes[position] == UInt8(ascii: ",") {
        position = skipSpace(bytes, position + 1)
        if position == bytes.count || isClosing(bytes, position) {
          throw fault("a token id is expected", position)
        }
      }
    }
    if isArray {
      guard position < bytes.count else { throw fault("the list has no end", position) }
      position = skipSpace(bytes, position + 1)
    }
    guard position == bytes.count else { throw fault("text after the token ids", position) }
    return tokens
  }

  private static func isClosing(_ bytes: Span<UInt8>, _ position: Int) -> Bool {
    bytes[position] == UInt8(ascii: "]")
  }

  private static func skipSpace(_ bytes: Span<UInt8>, _ start: Int) -> Int {
    var position = start
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
    return position
  }

  private static func fault(_ message: String, _ offset: Int) -> BSTKError {
    BSTKError(.tokenizer, "token ids: \(message)", offset: UInt64(offset))
  }
}
