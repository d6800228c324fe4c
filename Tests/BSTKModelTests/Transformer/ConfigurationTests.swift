import BSTKFormat
import BSTKInference
import Testing

/// The members a Llama configuration needs at least.
private let minimal: String = #"""
  "model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3,
  "num_attention_heads": 8, "vocab_size": 100
  """#

@Suite struct ConfigurationTests {
  private func read(_ json: String) throws(BSTKError) -> ModelConfiguration {
    try ModelConfiguration(json: Array(json.utf8).span)
  }

  /// The Llama configuration with members added.
  private func llama(_ members: String) -> String { "{\(minimal), \(members)}" }

  @Test func `absent keys take the library's defaults`() throws {
    let configuration = try read("{\(minimal)}")
    #expect(configuration.family == .llama)
    #expect(configuration.keyValueHeadCount == 8)
    #expect(configuration.headDimension == 8)
    #expect(configuration.normEpsilon == 1e-6)
    #expect(configuration.maximumPositions == 2048)
    #expect(configuration.rotaryEmbedding == RotaryEmbedding(headDimension: 8, base: 10_000))
    #expect(configuration.slidingWindows == [nil, nil, nil])
    #expect(!configuration.hasAttentionBias && !configuration.hasMLPBias)
    #expect(!configuration.tiesEmbeddings)
    #expect(configuration.endTokenIDs.isEmpty)
  }

  @Test func `the families differ in biases and windows`() throws {
    let common = #"""
      "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3,
      "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 100
      """#
    let mistral = try read(#"{"model_type": "mistral", \#(common)}"#)
    #expect(mistral.slidingWindows == [4096, 4096, 4096])
    #expect(!mistral.hasAttentionBias)
    let unbounded = try read(#"{"model_type": "mistral", "sliding_window": null, \#(common)}"#)
    #expect(unbounded.slidingWindows == [nil, nil, nil])
    let qwen = try read(#"{"model_type": "qwen2", "sliding_window": 9, \#(common)}"#)
    #expect(qwen.hasAttentionBias && !qwen.hasAttentionOutputBias)
    #expect(qwen.slidingWindows == [nil, nil, nil])
    let sliding = try read(
      #"""
      {"model_type": "qwen2", "sliding_window": 9, "use_sliding_window": true,
       "max_window_layers": 2, \#(common)}
      """#)
    #expect(sliding.slidingWindows == [nil, nil, 9])
    let named = try read(
      #"""
      {"model_type": "qwen2", "sliding_window": 9, "use_sliding_window": true, \#(common),
       "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}
      """#)
    #expect(named.slidingWindows == [9, nil, 9])
  }

  @Test func `one or several tokens may end a text`() throws {
    #expect(try read(llama(#""eos_token_id": 5"#)).endTokenIDs == [5])
    #expect(try read(llama(#""eos_token_id": [5, 7], "bos_token_id": 1"#)).endTokenIDs == [5, 7])
  }

  @Test(arguments: [
    #"{"model_type": "gpt_neox"}"#,
    #"{"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]}"#,
    #"{"model_type": "llama", "architectures": ["LlamaForSequenceClassification"]}"#,
    #"{"architectures": ["MixtralForCausalLM"]}"#,
    "{\(minimal), \"hidden_act\": \"gelu\"}",
    "{\(minimal), \"quantization_config\": {\"bits\": 4}}",
    "{\(minimal), \"partial_rotary_factor\": 0.5}",
    "{\(minimal), \"rope_scaling\": {\"rope_type\": \"longrope\", \"factor\": 2}}",
    "{\(minimal), \"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\"}}}",
  ])
  func `what is not known is refused by name`(_ json: String) {
    #expect { try read(json) } throws: { ($0 as? BSTKError)?.code == .modelUnsupported }
  }

  @Test(arguments: [
    "", "[]", "{", "nonsense", "{}x", #"{"model_type": "llama"}"#,
    "{\(minimal.replacing("64", with: "-64"))}",
    "{\(minimal.replacing("64", with: "0"))}",
    "{\(minimal.replacing("64", with: "99999999999999999999999999"))}",
    "{\(minimal.replacing("64", with: "1e300"))}",
    "{\(minimal.replacing("64", with: "64.5"))}",
    "{\(minimal.replacing("64", with: "\"64\""))}",
    "{\(minimal.replacing("64", with: "65"))}",
    "{\(minimal.replacing(": 8", with: ": 64"))}",
    "{\(minimal), \"num_key_value_heads\": 3}",
    "{\(minimal), \"num_key_value_heads\": 0}",
    "{\(minimal), \"head_dim\": 7}",
    "{\(minimal), \"head_dim\": -8}",
    "{\(minimal), \"rms_norm_eps\": -1}",
    "{\(minimal), \"rms_norm_eps\": 1e999}",
    "{\(minimal), \"rope_theta\": 0}",
    "{\(minimal), \"rope_scaling\": 5}",
    "{\(minimal), \"rope_scaling\": {\"type\": \"linear\"}}",
    "{\(minimal), \"rope_scaling\": {\"type\": \"linear\", \"factor\": -1}}",
    "{\(minimal), \"rope_scaling\": {\"type\": \"yarn\", \"factor\": 2, \"truncate\": 1}}",
    "{\(minimal), \"rope_scaling\": {\"type\": \"llama3\", \"factor\": 2, \"low_freq_factor\": 4,"
      + " \"high_freq_factor\": 4}}",
    "{\(minimal), \"tie_word_embeddings\": 1}",
    "{\(minimal), \"eos_token_id\": 100}",
    "{\(minimal), \"eos_token_id\": [-1]}",
    "{\(minimal), \"x\": \"\\ud800\"}",
    "{\(minimal), \"x\": \"\u{1}\"}",
    "{\(minimal), \"x\": 01}",
    "{\(minimal), \"x\": " + String(repeating: "[", count: 100_000) + "}",
    "{\(minimal), \"x\": " + String(repeating: "{\"a\":", count: 100_000) + "}",
  ])
  func `malformed and hostile configurations are refused`(_ json: String) {
    #expect { try read(json) } throws: { ($0 as? BSTKError)?.code == .model }
  }

  @Test func `every cut of a configuration is refused`() throws {
    let bytes = Array(llama(#""rope_scaling": {"type": "dynamic", "factor": 2.0}"#).utf8)
    _ = try ModelConfiguration(json: bytes.span)
    for count in 0..<bytes.count {
      #expect(throws: BSTKError.self) {
        try ModelConfiguration(json: bytes.span.extracting(first: count))
      }
    }
  }
}
