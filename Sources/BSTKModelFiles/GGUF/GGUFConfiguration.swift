internal import BSTKFormat

/// What a GGUF file's metadata say about the shape of its model, as a `config.json` says it.
struct GGUFConfiguration {
  let family: GGUFFamily
  let heads: GGUFHeadCounts
  /// Rows of the embedding.
  let vocabularySize: Int
  let maximumPositions: Int

  private let metadata: GGUFMetadata
  private let rotation: GGUFRotation
  private let names: Set<String>

  /// Tensors that become part of the configuration.
  static func isConsumed(_ name: String) -> Bool { name == GGUFRotation.factorsName }

  /// Reads what is there and refuses what could not be told in a `config.json`.
  ///
  /// - Throws: `MODEL_UNSUPPORTED` for an architecture or feature that is not known, `GGUF` for
  ///   metadata that are missing, of the wrong type or contradict the tensors.
  init(_ file: GGUFFile) throws(BSTKError) {
    metadata = file.metadata
    guard try metadata.integer("split.count", default: 1) <= 1 else {
      throw BSTKError(
        .modelUnsupported, "the GGUF file is one part of several",
        remedy: "join the parts first, with llama.cpp's gguf-split --merge")
    }
    family = try GGUFFamily(architecture: metadata.text("general.architecture"))
    let prefix = family.architecture
    guard try metadata.integer("\(prefix).expert_count", default: 0) == 0 else {
      throw BSTKError(.modelUnsupported, "mixtures of experts are not known")
    }
    let queryHeads = try metadata.integer("\(prefix).attention.head_count")
    let keyHeads = try metadata.integer(
      "\(prefix).attention.head_count_kv", default: queryHeads)
    guard (1...1 << 14).contains(queryHeads), (1...queryHeads).contains(keyHeads) else {
      throw GGUFHeader.fault("the numbers of heads, \(queryHeads) and \(keyHeads)", at: nil)
    }
    heads = GGUFHeadCounts(query: queryHeads, key: keyHeads)
    maximumPositions = try metadata.integer("\(prefix).context_length")
    names = Set(file.tensors.map(\.name))
    guard let embedding = file.tensors.first(where: { $0.name == "token_embd.weight" }),
      embedding.shape.count == 2
    else { throw GGUFHeader.fault("there is no matrix token_embd.weight", at: nil) }
    vocabularySize = embedding.shape[0]
    let hiddenSize = try metadata.integer("\(prefix).embedding_length")
    let headSize = try metadata.optional("\(prefix).attention.key_length", "a whole number") {
      $0.integer
    }
    guard embedding.shape[1] == hiddenSize, hiddenSize % queryHeads == 0 || headSize != nil
    else {
      throw GGUFHeader.fault("an embedding of \(hiddenSize) contradicts the tensors", at: nil)
    }
    let keySize = headSize ?? hiddenSize / queryHeads
    let valueSize = try metadata.integer(
      "\(prefix).attention.value_length", default: keySize)
    guard keySize == valueSize, (2...1 << 14).contains(keySize) else {
      throw BSTKError(
        .modelUnsupported, "heads of \(keySize) for keys and \(valueSize) for values")
    }
    rotation = try GGUFRotation(
      file, prefix: prefix, headSize: keySize, maximumPositions: maximumPositions)
  }

  /// The `config.json`.
  ///
  /// - Parameter elementType: What the weights are said to be.
  func json(elementType: ElementType) throws(BSTKError) -> JSONValue {
    let prefix = family.architecture
    func size(_ key: String) throws(BSTKError) -> JSONValue {
      .integer(try metadata.integer("\(prefix).\(key)"))
    }
    let epsilon = try metadata.number("\(prefix).attention.layer_norm_rms_epsilon")
    var members: [(String, JSONValue)] = [
      ("architectures", .array([.string(family.className)])),
      ("model_type", .string(family.modelType)),
      ("hidden_size", try size("embedding_length")),
      ("intermediate_size", try size("feed_forward_length")),
      ("num_hidden_layers", try size("block_count")),
      ("num_attention_heads", .integer(heads.query)),
      ("num_key_value_heads", .integer(heads.key)), ("head_dim", .integer(rotation.headSize)),
      ("vocab_size", .integer(vocabularySize)),
      ("max_position_embeddings", .integer(maximumPositions)), ("hidden_act", .string("silu")),
      ("rms_norm_eps", .number(epsilon)), ("rope_theta", .number(rotation.base)),
      ("rope_scaling", rotation.scaling),
      ("tie_word_embeddings", .bool(!names.contains("output.weight"))),
      ("torch_dtype", .string(ConfigurationText.name(of: elementType))),
    ]
    if family.architecture == GGUFFamily.llama.architecture {
      members.append(("attention_bias", .bool(names.contains("blk.0.attn_q.bias"))))
      members.append(("mlp_bias", .bool(names.contains("blk.0.ffn_gate.bias"))))
    }
    for (key, name) in [("bos", "bos_token_id"), ("eos", "eos_token_id")] {
      let id = try metadata.optional("tokenizer.ggml.\(key)_token_id", "a whole number") {
        $0.integer
      }
      guard let id, (0..<vocabularySize).contains(id) else { continue }
      members.append((name, .integer(id)))
    }
    return .members(members)
  }
}
