public import BSTKFormat

/// Text to token ids and back: a Hugging Face `tokenizer.json` with a byte-pair encoding,
/// byte-level as in GPT-2, Llama 3 and Qwen2 or of the SentencePiece kind, or a SentencePiece
/// `tokenizer.model` as in Llama 2 and Mistral.
///
/// Ids equal those of the Hugging Face tokenizers and the SentencePiece libraries. A tokenizer is
/// a value; encoding runs on the calling thread, in time n log n of the text.
public struct Tokenizer: Sendable {
  let normalizer: Normalizer
  let preTokenizer: PreTokenizer
  let model: TokenizerModel
  /// Added tokens found in the text as it is.
  let addedTokens: AddedTokens
  /// Added tokens found in the normalized text.
  let normalizedAddedTokens: AddedTokens
  /// Special tokens before and after a text, where they are asked for.
  let template: (prefix: [TokenID], suffix: [TokenID])
  let decoder: TokenDecoder
  let boundaries: StreamBoundaries
  private let idsByContent: [[UInt8]: TokenID]

  init(file: TokenizerFile) {
    normalizer = file.normalizer
    preTokenizer = file.preTokenizer
    model = file.model
    addedTokens = file.addedTokens
    normalizedAddedTokens = file.normalizedAddedTokens
    template = file.template
    decoder = file.decoder
    boundaries = file.boundaries
    idsByContent = file.idsByContent
  }

  /// One more than the largest token id.
  public var vocabularySize: Int { decoder.count }

  /// The id of a token by its text in the file, `<|end_of_text|>` or `Ġthe`, or nil.
  public func id(of token: String) -> TokenID? { idsByContent[Array(token.utf8)] }

  /// The tokens of a text.
  ///
  /// - Parameters:
  ///   - text: The text. Special tokens written in it are recognised.
  ///   - addingSpecialTokens: Whether the tokens the model expects around a text, such as one that
  ///     begins it, are added.
  /// - Throws: `BSTKError` with code `TOKENIZER` when libsentencepiece fails, or has more than
  ///   64 MiB of text without a place to cut it.
  public func encode(
    _ text: String, addingSpecialTokens: Bool = false
  ) throws(BSTKError) -> [TokenID] {
    var stream = TokenStream(self, addingSpecialTokens: addingSpecialTokens)
    var tokens: [TokenID] = []
    try stream.append(validText: Array(text.utf8), into: &tokens)
    try stream.finish(into: &tokens)
    return tokens
  }

  /// The text of tokens; ids the vocabulary lacks are left out.
  public func decode(_ tokens: [TokenID], skippingSpecialTokens: Bool = true) -> String {
    var stream = TextStream(self, skippingSpecialTokens: skippingSpecialTokens)
    return tokens.reduce(into: "") { $0 += stream.append($1) } + stream.finish()
  }

  /// Appends the tokens of a piece of text.
  ///
  /// - Parameters:
  ///   - text: Valid UTF-8.
  ///   - isStart: Whether no text comes before it.
  func encode(
    piece text: [UInt8], isStart: Bool, using space: inout TokenizerModel.Workspace,
    into out: inout [TokenID]
  ) throws(BSTKError) {
    switch model {
    case .bytePairs(let model):
      encode(text, isStart: isStart, with: model, using: &space.bytePairs, into: &out)
    case .library(let encoder):
      try encoder.encode(
        text.span, isStart: isStart, followsUnknown: &space.followsUnknown, into: &out)
    }
  }

  private func encode(
    _ text: [UInt8], isStart: Bool, with model: BPEModel, using space: inout BPEModel.Workspace,
    into out: inout [TokenID]
  ) {
    for segment in addedTokens.segments(of: text.span) {
      if let token = segment.token {
        out.append(token)
        continue
      }
      let normalized = normalizer.normalize(
        Array(text[segment.range]), isContinuation: segment.range.lowerBound == 0 && !isStart)
      for inner in normalizedAddedTokens.segments(of: normalized.span) {
        if let token = inner.token {
          out.append(token)
          continue
        }
        let words = preTokenizer.words(
          of: Array(normalized[inner.range]),
          isStart: isStart && segment.range.lowerBound == 0 && inner.range.lowerBound == 0)
        for range in words.ranges {
          model.encode(words.text.span.extracting(range), using: &space, into: &out)
        }
      }
    }
  }
}
