public import BSTKTokenizer

/// The shape of a decoder-only transformer of the Llama, Mistral or Qwen2 family.
///
/// Read from a Hugging Face `config.json` with ``init(json:)``; fields keep the library's meaning
/// and its defaults.
public struct ModelConfiguration: Hashable, Sendable {
  /// The families whose forward pass is known.
  public enum Family: String, Sendable, CaseIterable {
    case llama, mistral, qwen2
  }

  /// The family.
  public let family: Family
  /// Number of tokens in the vocabulary, rows of the embedding.
  public let vocabularySize: Int
  /// Width of the hidden states.
  public let hiddenSize: Int
  /// Width of the feed-forward part.
  public let intermediateSize: Int
  /// Number of decoder layers.
  public let layerCount: Int
  /// Number of query heads.
  public let headCount: Int
  /// Number of key and value heads; divides ``headCount``.
  public let keyValueHeadCount: Int
  /// Width of one head; even.
  public let headDimension: Int
  /// The constant under the root of each RMSNorm.
  public let normEpsilon: Float
  /// The longest text the model was made for, in tokens.
  public let maximumPositions: Int
  /// The rotary embedding.
  public let rotaryEmbedding: RotaryEmbedding
  /// For each layer the number of positions a query sees, itself included; nil sees all before it.
  public let slidingWindows: [Int?]
  /// Whether the query, key and value projections add a bias.
  public let hasAttentionBias: Bool
  /// Whether the attention's output projection adds a bias.
  public let hasAttentionOutputBias: Bool
  /// Whether the three feed-forward projections add a bias.
  public let hasMLPBias: Bool
  /// Whether the output head is the embedding.
  public let tiesEmbeddings: Bool
  /// The element type the checkpoint names (`bfloat16`), where it does.
  public let dataType: String?
  /// The token that starts a text, where there is one.
  public let beginTokenID: TokenID?
  /// The tokens that end a text.
  public let endTokenIDs: [TokenID]
}
