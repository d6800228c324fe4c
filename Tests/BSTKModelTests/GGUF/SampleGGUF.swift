import BSTKModelFiles
import BSTKStore

/// A small Llama model as a GGUF file, with grouped queries, biases of q and k, and a tokenizer.
struct SampleGGUF {
  static let heads = 4
  static let keyHeads = 2
  static let headSize = 4
  static let hiddenSize = 16

  var file = RawGGUF()

  /// - Parameter architecture: What the file says it is.
  init(architecture: String = "llama") {
    let sizes: [(String, UInt32)] = [
      ("context_length", 64), ("embedding_length", UInt32(Self.hiddenSize)), ("block_count", 1),
      ("feed_forward_length", 8), ("attention.head_count", UInt32(Self.heads)),
      ("attention.head_count_kv", UInt32(Self.keyHeads)),
    ]
    file.pairs = [("general.architecture", RawGGUF.text(architecture))]
    file.pairs += sizes.map { ("\(architecture).\($0.0)", RawGGUF.u32($0.1)) }
    file.pairs.append(
      ("\(architecture).attention.layer_norm_rms_epsilon", RawGGUF.f32(1e-5)))
    let shapes: [(String, [Int])] = [
      ("token_embd.weight", [12, 16]), ("output_norm.weight", [16]),
      ("blk.0.attn_norm.weight", [16]), ("blk.0.ffn_norm.weight", [16]),
      ("blk.0.attn_q.weight", [16, 16]), ("blk.0.attn_k.weight", [8, 16]),
      ("blk.0.attn_v.weight", [8, 16]), ("blk.0.attn_output.weight", [16, 16]),
      ("blk.0.ffn_gate.weight", [8, 16]), ("blk.0.ffn_up.weight", [8, 16]),
      ("blk.0.ffn_down.weight", [16, 8]), ("blk.0.attn_q.bias", [16]),
      ("blk.0.attn_k.bias", [8]),
    ]
    for (name, shape) in shapes { add(name, shape) }
  }

  /// Adds an fp32 tensor whose elements are their numbers.
  mutating func add(_ name: String, _ shape: [Int]) {
    let count = shape.reduce(1, *)
    file.tensors.append(
      RawGGUF.Tensor(
        name: name, dimensions: shape.reversed().map(UInt64.init),
        data: (0..<count).flatMap { RawGGUF.number(Float($0).bitPattern) }))
  }

  /// Sets a value of the metadata; nil takes it out.
  mutating func set(_ key: String, _ value: [UInt8]?) {
    file.pairs.removeAll { $0.key == key }
    if let value { file.pairs.append((key, value)) }
  }

  /// Adds a tokenizer of the SentencePiece kind, without merges, as such files have it.
  mutating func addSentencePiece() {
    set("tokenizer.ggml.model", RawGGUF.text("llama"))
    set(
      "tokenizer.ggml.tokens",
      RawGGUF.texts([
        "<unk>", "<s>", "</s>", "<0x21>", "▁", "a", "b", "▁a", "ab", "▁ab", "<x>", "c",
      ]))
    set(
      "tokenizer.ggml.scores", RawGGUF.floats([0, 0, 0, 0, -5, -6, -7, -2, -1, -3, 0, -8]))
    set("tokenizer.ggml.token_type", RawGGUF.integers([2, 3, 3, 6, 1, 1, 1, 1, 1, 1, 4, 1]))
    set("tokenizer.ggml.bos_token_id", RawGGUF.u32(1))
    set("tokenizer.ggml.eos_token_id", RawGGUF.u32(2))
  }

  /// Adds a byte-level tokenizer.
  mutating func addByteLevel(pre: String?) {
    set("tokenizer.ggml.model", RawGGUF.text("gpt2"))
    if let pre { set("tokenizer.ggml.pre", RawGGUF.text(pre)) }
    set(
      "tokenizer.ggml.tokens",
      RawGGUF.texts(["<|end|>", "a", "b", "1", "2", "Ġ", "ab", "Ġab", "12"]))
    set("tokenizer.ggml.token_type", RawGGUF.integers([3, 1, 1, 1, 1, 1, 1, 1, 1]))
    set("tokenizer.ggml.merges", RawGGUF.texts(["a b", "Ġ ab", "1 2"]))
    set("tokenizer.ggml.bos_token_id", RawGGUF.u32(0))
  }
}
