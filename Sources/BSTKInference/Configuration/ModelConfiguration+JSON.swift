public import BSTKFormat
internal import BSTKModelFiles

extension ModelConfiguration {
  /// Reads the bytes of a `config.json`.
  ///
  /// Keys that are absent take the defaults of the transformers library for that family. Both ways
  /// of writing the rotary scaling are read, `rope_scaling` and `rope_parameters`.
  ///
  /// - Throws: `BSTKError` with code `MODEL_UNSUPPORTED` for an architecture or feature the forward
  ///   pass does not know, `MODEL` for values that are missing, malformed or out of range.
  public init(json: Span<UInt8>) throws(BSTKError) {
    guard json.count <= 1 << 20 else {
      throw BSTKError(.model, "config.json has more than 1 MiB")
    }
    let reader = ConfigurationReader(json: try JSONParser.parse(json, code: .model))
    let family = try reader.family()

    let hiddenSize = try reader.size("hidden_size", upTo: 1 << 20)
    let headCount = try reader.size("num_attention_heads", upTo: 1 << 14)
    let layerCount = try reader.size("num_hidden_layers", upTo: 1 << 12)
    let defaultKeyValueHeads =
      reader.json.has("num_key_value_heads") || family == .llama
      ? headCount : family == .mistral ? 8 : 32
    let keyValueHeadCount = try reader.size(
      "num_key_value_heads", upTo: headCount, default: defaultKeyValueHeads)
    guard headCount % keyValueHeadCount == 0 else {
      throw BSTKError(
        .model, "\(headCount) attention heads are not a multiple of \(keyValueHeadCount) key heads")
    }
    if !reader.json.hasValue("head_dim"), hiddenSize % headCount != 0 {
      throw BSTKError(.model, "hidden size \(hiddenSize) is no multiple of \(headCount) heads")
    }
    let headDimension = try reader.size(
      "head_dim", upTo: 1 << 14, default: hiddenSize / headCount)
    guard headDimension % 2 == 0, headDimension > 0 else {
      throw BSTKError(.model, "the rotary embedding needs an even head_dim, not \(headDimension)")
    }
    let maximumPositions = try reader.size(
      "max_position_embeddings", upTo: 1 << 30,
      default: family == .llama ? 2048 : family == .mistral ? 4096 * 32 : 32768)

    self.family = family
    self.hiddenSize = hiddenSize
    self.headCount = headCount
    self.layerCount = layerCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = headDimension
    self.maximumPositions = maximumPositions
    vocabularySize = try reader.size("vocab_size", upTo: 1 << 24)
    intermediateSize = try reader.size("intermediate_size", upTo: 1 << 22)
    normEpsilon = Float(try reader.number("rms_norm_eps", in: 0...1, default: 1e-6))
    rotaryEmbedding = try reader.rotaryEmbedding(
      headDimension: headDimension, maximumPositions: maximumPositions)
    slidingWindows = try reader.slidingWindows(family: family, layerCount: layerCount)
    let attentionBias = try reader.flag("attention_bias", default: false)
    hasAttentionBias = family == .qwen2 || family == .llama && attentionBias
    hasAttentionOutputBias = family == .llama && attentionBias
    let mlpBias = try reader.flag("mlp_bias", default: false)
    hasMLPBias = family == .llama && mlpBias
    tiesEmbeddings = try reader.flag("tie_word_embeddings", default: false)
    dataType = reader.json["dtype"]?.stringValue ?? reader.json["torch_dtype"]?.stringValue
    beginTokenID = try reader.tokenIDs("bos_token_id", below: vocabularySize).first
    endTokenIDs = try reader.tokenIDs("eos_token_id", below: vocabularySize)
  }
}
