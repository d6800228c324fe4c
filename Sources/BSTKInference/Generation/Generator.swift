public import BSTKTokenizer
internal import BSTKFormat

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
    var input = try tokenizer.encode(prompt, addingSpecialTokens: true)
    if input.isEmpty, let begin = model.configuration.beginTokenID { input = [begin] }
    guard !input.isEmpty else {
      throw BSTKError(
        .model, "the prompt is empty and the model names no token to begin with",
        remedy: "give a prompt")
    }
    let promptTokenCount = input.count
    var state = GenerationState(configuration: model.configuration)
    var sampler = Sampler(sampling)
    var text = TextStream(tokenizer, isContinuation: !prompt.isEmpty)
    var written: [TokenID] = []
    var reason = Summary.Reason.tokenLimit
    while written.count < maximumTokens {
      guard let token = sampler.next(from: try model.logits(after: input, in: &state)) else {
        reason = .brokenModel
        break
      }
      if model.configuration.endTokenIDs.contains(token) {
        reason = .endOfText
        break
      }
      written.append(token)
      input = [token]
      let piece = text.append(token)
      if !piece.isEmpty, try !receive(piece) {
        reason = .stopped
        break
      }
    }
    let rest = text.finish()
    if reason != .stopped, !rest.isEmpty { _ = try receive(rest) }
    return Summary(promptTokenCount: promptTokenCount, tokens: written, reason: reason)
  }
}
