internal import BSTKInference

/// What `bstk generate --json` tells of an answer.
struct AnswerReport: Encodable {
  /// What the model wrote behind the prompt.
  let text: String
  let promptTokens: Int
  let tokens: Int
  /// Why the text ended.
  let reason: String
  /// Until the weights were in memory.
  let loadSeconds: Double
  /// From there to the first token.
  let promptSeconds: Double
  /// From the first token to the last.
  let seconds: Double
  /// Memory for weights and for keys and values, as promised before loading.
  let weightBytes: UInt64
  let cacheBytes: UInt64
  /// Bytes of the prefix that the model came from.
  let fileBytes: UInt64
}

extension Generator.Summary.Reason {
  /// The reason in a word.
  var name: String {
    switch self {
    case .endOfText: "end_of_text"
    case .tokenLimit: "token_limit"
    case .stopped: "stopped"
    case .brokenModel: "broken_model"
    }
  }
}
