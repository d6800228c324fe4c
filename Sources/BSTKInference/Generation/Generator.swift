public import BSTKTokenizer
public import BSTKFormat

/// Writes text with a resident model, piece by piece.
///
/// ```swift
/// let generator = Generator(tokenizer: tokenizer, sampling: Sampling(temperature: 0.8, topP: 0.95))
/// try generator.generate("In the beginning", maximumTokens: 200, with: model) { piece in
///   print(piece, terminator: "")
///   return true
/// }
/// ```
public struct Generator: Sendable {
  /// How a text came out.
  public struct Summary: Hashable, Sendable {
    /// Why it ended.
    public enum Reason: Sendable {
      /// The model ended it.
      case endOfText
      /// The most tokens asked for were written.
      case tokenLimit
      /// The receiver wanted no more.
      case stopped
      /// The model's predictions were no numbers.
      case brokenModel
    }

    /// Tokens of the prompt.
    public let promptTokenCount: Int
    /// The tokens written, without one that ended the text.
    public let tokens: [TokenID]
    /// Why the text ended.
    public let reason: Reason
  }

  /// The tokenizer that belongs to the model.
  public let tokenizer: Tokenizer
  /// How tokens are chosen.
  public let sampling: Sampling
  /// Whether a text goes on where the model would end it.
  public var ignoresEndOfText = false

  /// Makes a generator.
  public init(tokenizer: Tokenizer, sampling: Sampling = Sampling()) {
    self.tokenizer = tokenizer
    self.sampling = sampling
  }

  /// Continues a prompt.
  ///
  /// The prompt gets the special tokens the tokenizer's template asks for; an empty one starts
  /// from the token that begins a text. Blocks the calling thread.
  ///
  /// - Parameters:
  ///   - prompt: The text to continue.
  ///   - maximumTokens: The most tokens to write.
  ///   - model: The model.
  ///   - receive: Gets each piece of text as soon as its characters are whole; returning false
  ///     ends the generation, throwing aborts it.
  /// - Throws: `BSTKError` when the prompt is empty and the model has no token to begin with, or
  ///   the tokenizer's ids do not fit the model; what `receive` throws.
  @discardableResult
  public func generate(
    _ prompt: String, maximumTokens: Int, with model: borrowing ResidentModel,
    receive: (String) throws -> Bool
  ) throws -> Summary {
    var text = try begin(
      prompt, maximumTokens: maximumTokens, configuration: model.configuration)
    while let piece = try text.next(with: model) {
      if !piece.isEmpty, try !receive(piece) {
        text.stop()
        break
      }
    }
    return text.summary
  }

  /// Begins a text that is written a token at a time, so that its model may grow or shrink between
  /// two of them.
  ///
  /// - Throws: as ``generate(_:maximumTokens:with:receive:)``.
  public func begin(
    _ prompt: String, maximumTokens: Int, configuration: ModelConfiguration
  ) throws(BSTKError) -> TextGeneration {
    TextGeneration(
      prompt: try tokens(ofPrompt: prompt, configuration: configuration),
      maximumTokens: maximumTokens,
      text: TextStream(tokenizer, isContinuation: !prompt.isEmpty), sampler: Sampler(sampling),
      endTokens: ignoresEndOfText ? [] : configuration.endTokenIDs, configuration: configuration)
  }

  /// The tokens that a model is given for a prompt.
  ///
  /// - Throws: as ``generate(_:maximumTokens:with:receive:)``.
  public func tokens(
    ofPrompt prompt: String, configuration: ModelConfiguration
  ) throws(BSTKError) -> [TokenID] {
    let tokens = try tokenizer.encode(prompt, addingSpecialTokens: true)
    if !tokens.isEmpty { return tokens }
    guard let begin = configuration.beginTokenID else {
      throw BSTKError(
        .model, "the prompt is empty and the model names no token to begin with",
        remedy: "give a prompt")
    }
    return [begin]
  }
}
