internal import BSTKFormat

/// How the models of an architecture are called and laid out in GGUF files, against the names and
/// the layout of the Hugging Face library.
///
/// Source: llama.cpp's table of tensor names and its converter from Hugging Face folders.
package struct GGUFFamily: Sendable {
  /// `general.architecture`, which also begins the keys of the metadata.
  package let architecture: String
  /// `model_type` of the `config.json` that is made from it.
  let modelType: String
  /// Its class in the transformers library.
  let className: String
  /// Whether rows of q and k stand as llama.cpp rotates them, pairs side by side, where the library
  /// has the halves of a head one after the other.
  let permutesHeads: Bool
  /// Tensors of a layer, as the file and as the library names them.
  let layerTensors: [(file: String, library: String)]

  static let known = [llama, qwen2, qwen3]

  private static let decoder = [
    ("attn_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm"),
    ("attn_q", "self_attn.q_proj"), ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"), ("attn_output", "self_attn.o_proj"),
    ("ffn_gate", "mlp.gate_proj"), ("ffn_up", "mlp.up_proj"), ("ffn_down", "mlp.down_proj"),
  ]
  private static let outside = [
    ("token_embd.weight", "model.embed_tokens.weight"), ("output_norm.weight", "model.norm.weight"),
    ("output.weight", "lm_head.weight"),
  ]

  /// Llama and Mistral.
  package static let llama = GGUFFamily(
    architecture: "llama", modelType: "llama", className: "LlamaForCausalLM", permutesHeads: true,
    layerTensors: decoder)
  package static let qwen2 = GGUFFamily(
    architecture: "qwen2", modelType: "qwen2", className: "Qwen2ForCausalLM",
    permutesHeads: false, layerTensors: decoder)
  static let qwen3 = GGUFFamily(
    architecture: "qwen3", modelType: "qwen3", className: "Qwen3ForCausalLM",
    permutesHeads: false,
    layerTensors: decoder + [
      ("attn_q_norm", "self_attn.q_norm"), ("attn_k_norm", "self_attn.k_norm"),
    ])

  /// The family of an architecture.
  ///
  /// - Throws: `MODEL_UNSUPPORTED` naming it when it is none of those known.
  init(architecture: String) throws(BSTKError) {
    guard let family = Self.known.first(where: { $0.architecture == architecture }) else {
      let names = Self.known.map(\.architecture).joined(separator: ", ")
      throw BSTKError(
        .modelUnsupported,
        "GGUF files of the architecture \(architecture.prefix(100)) are not known",
        remedy: "files of the architectures \(names) can be read")
    }
    self = family
  }

  private init(
    architecture: String, modelType: String, className: String, permutesHeads: Bool,
    layerTensors: [(String, String)]
  ) {
    self.architecture = architecture
    self.modelType = modelType
    self.className = className
    self.permutesHeads = permutesHeads
    self.layerTensors = layerTensors.map { (file: $0.0, library: $0.1) }
  }

  /// The library's name of a tensor, or nil for one that the family does not have.
  func libraryName(_ name: String) -> String? {
    if let pair = Self.outside.first(where: { $0.0 == name }) { return pair.1 }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "blk", Self.isNumber(parts[1]), Self.isKind(parts[3]),
      let pair = layerTensors.first(where: { $0.file == parts[2] })
    else { return nil }
    return "model.layers.\(parts[1]).\(pair.library).\(parts[3])"
  }

  /// The file's name of a tensor, or nil for one that the family does not have.
  package func fileName(_ name: String) -> String? {
    if let pair = Self.outside.first(where: { $0.1 == name }) { return pair.0 }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 5, parts[0] == "model", parts[1] == "layers", Self.isNumber(parts[2]),
      let kind = parts.last, Self.isKind(kind)
    else { return nil }
    let inner = parts[3..<parts.count - 1].joined(separator: ".")
    guard let pair = layerTensors.first(where: { $0.library == inner }) else { return nil }
    return "blk.\(parts[2]).\(pair.file).\(kind)"
  }

  /// Which heads the rows of a tensor are made of, where their order differs between both.
  package func permutedHeads(_ libraryName: String, _ heads: GGUFHeadCounts) -> Int? {
    guard permutesHeads else { return nil }
    if libraryName.contains(".self_attn.q_proj.") { return heads.query }
    if libraryName.contains(".self_attn.k_proj.") { return heads.key }
    return nil
  }

  private static func isNumber(_ text: Substring) -> Bool {
    (1...5).contains(text.utf8.count)
      && text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
  }

  private static func isKind(_ text: Substring) -> Bool { text == "weight" || text == "bias" }
}

/// Heads of a layer's attention.
package struct GGUFHeadCounts: Hashable, Sendable {
  let query: Int
  /// Of keys and of values.
  let key: Int

  /// Counts heads.
  package init(query: Int, key: Int) {
    self.query = query
    self.key = key
  }
}
