package import BSTKFormat
package import BSTKTokenizer

extension Tokenizer {
  /// The tokenizer among a model's files: `tokenizer.json`, or the SentencePiece `tokenizer.model`
  /// where there is none.
  ///
  /// - Parameter file: The bytes of a file; nil when there is none of that name.
  /// - Throws: `MODEL` when the model has neither, `TOKENIZER` when it cannot be used.
  package init(files file: (String) throws(BSTKError) -> [UInt8]?) throws(BSTKError) {
    if let bytes = try file("tokenizer.json") {
      self = try Tokenizer(json: bytes.span)
    } else if let bytes = try file("tokenizer.model") {
      self = try Tokenizer(sentencePiece: bytes.span)
    } else {
      throw BSTKError(.model, "the model has no tokenizer.model")
    }
  }
}
