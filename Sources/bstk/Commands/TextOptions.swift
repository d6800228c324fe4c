internal import ArgumentParser
internal import BSTKFormat
internal import BSTKInference
internal import BSTKStore
internal import BSTKTokenizer

/// A text to read, and how it is cut up.
struct TextOptions: ParsableArguments {
  @Option(help: "A UTF-8 text file.", completion: .file())
  var text: String?

  @Option(
    help: "A file of token ids instead: JSON or separated by spaces.", completion: .file())
  var tokens: String?

  @Option(help: "Tokens of a window.")
  var window = EvaluationProtocol().windowLength

  @Option(help: "Read at most so many windows.")
  var windows: Int?

  mutating func validate() throws {
    guard (text == nil) != (tokens == nil) else {
      throw ValidationError("Give --text or --tokens.")
    }
    if window < 2 { throw ValidationError("--window must be at least 2.") }
    if let windows, windows < 1 { throw ValidationError("--windows must be at least 1.") }
  }

  /// What the text is called in reports.
  var name: String { FileSystem.name(of: text ?? tokens ?? "") }

  /// How the text is cut up.
  var evaluation: EvaluationProtocol {
    EvaluationProtocol(windowLength: window, windowLimit: windows)
  }

  /// The text as tokens of a model.
  func tokens(for model: LanguageModel) throws -> [TokenID] {
    if let tokens {
      let bytes = try FileHandle(tokens, .read).allBytes()
      return try TokenFile.parse(bytes.span)
    }
    return try model.tokens(ofTextFile: text ?? "")
  }
}
