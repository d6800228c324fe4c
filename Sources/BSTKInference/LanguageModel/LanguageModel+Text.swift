public import BSTKFormat
public import BSTKTokenizer

internal import BSTKStore

extension LanguageModel {
  /// The tokens of a UTF-8 text file, without special tokens added.
  ///
  /// Memory: the tokens, and a piece of the text at a time.
  ///
  /// - Throws: `TOKENIZER` when the text is not UTF-8, `IO` when it cannot be read, and what
  ///   ``tokenizer()`` throws.
  public func tokens(ofTextFile path: String) throws(BSTKError) -> [TokenID] {
    var stream = TokenStream(try tokenizer())
    let file = try FileHandle(path, .read)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var tokens: [TokenID] = []
    var position: UInt64 = 0
    while true {
      var span = buffer.mutableSpan
      let count = try file.read(at: position, into: &span)
      guard count > 0 else { break }
      try stream.append(buffer.span.extracting(first: count), into: &tokens)
      position += UInt64(count)
    }
    try stream.finish(checkingInto: &tokens)
    return tokens
  }
}
