public import BSTKTokenizer

/// A text that is being written, from ``Generator/begin(_:maximumTokens:configuration:)``.
///
/// ```swift
/// var text = try generator.begin(
///   "In the beginning", maximumTokens: 200, configuration: model.resident.configuration)
/// while let piece = try text.next(with: model.resident) {
///   print(piece, terminator: "")
///   if isShortOfMemory { try model.resize(to: smaller) }
/// }
/// ```
public struct TextGeneration: Sendable {
  /// Tokens of the prompt.
  public let promptTokenCount: Int
  /// The tokens written, without one that ended the text.
  public private(set) var tokens: [TokenID] = []
  /// Why the text ended; nil while it goes on.
  public private(set) var reason: Generator.Summary.Reason?
  private let maximumTokens: Int
  private let endTokens: [TokenID]
  private var state: GenerationState
  private var input: [TokenID]
  private var text: TextStream
  private var sampler: Sampler

  init(
    prompt: [TokenID], maximumTokens: Int, text: TextStream, sampler: Sampler,
    endTokens: [TokenID], configuration: ModelConfiguration
  ) {
    promptTokenCount = prompt.count
    self.maximumTokens = maximumTokens
    self.text = text
    self.sampler = sampler
    self.endTokens = endTokens
    input = prompt
    state = GenerationState(
      configuration: configuration,
      capacity: configuration.cachePositions(
        promptTokens: prompt.count, maximumTokens: maximumTokens))
  }

  /// The bytes of keys and values held.
  public var cacheByteCount: Int { state.cacheByteCount }

  /// What has come of it.
  ///
  /// - Precondition: the text has ended.
  public var summary: Generator.Summary {
    guard let reason else { preconditionFailure("the text goes on") }
    return Generator.Summary(
      promptTokenCount: promptTokenCount, tokens: tokens, reason: reason)
  }

  /// Writes the next token.
  ///
  /// Blocks the calling thread; the first call runs the prompt.
  ///
  /// - Returns: The characters that are whole now, often none; nil once the text has ended and all
  ///   of it was returned.
  /// - Throws: `BSTKError` when the tokenizer's ids do not fit the model.
  public mutating func next(with model: borrowing ResidentModel) throws -> String? {
    guard reason == nil else { return nil }
    guard tokens.count < maximumTokens else { return end(.tokenLimit) }
    try model.run(input, in: &state)
    guard let token = Self.draw(&sampler, state.logits) else { return end(.brokenModel) }
    guard !endTokens.contains(token) else { return end(.endOfText) }
    tokens.append(token)
    input = [token]
    return text.append(token)
  }

  /// Ends the text here.
  public mutating func stop() { if reason == nil { reason = .stopped } }

  private static func draw(_ sampler: inout Sampler, _ logits: [Float]) -> TokenID? {
    sampler.next(from: logits.span)
  }

  private mutating func end(_ reason: Generator.Summary.Reason) -> String? {
    self.reason = reason
    let rest = text.finish()
    return rest.isEmpty ? nil : rest
  }
}

extension ModelConfiguration {
  /// The positions a text's cache is made for: prompt and text, but no more than the model was made
  /// for unless the prompt alone is longer.
  public func cachePositions(promptTokens: Int, maximumTokens: Int) -> Int {
    let (wanted, overflow) = promptTokens.addingReportingOverflow(maximumTokens)
    return min(overflow ? .max : wanted, max(promptTokens, maximumPositions))
  }
}
