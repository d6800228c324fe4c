import BSTKCodec
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation

/// A model that takes much memory for its file: a Llama of 90 million weights whose blocks repeat,
/// 11 MB a level as they are packed. It answers, but with nonsense.
enum RoomyModel {
  private static let (hidden, intermediate, layers, vocabulary) = (1_024, 2_816, 8, 2_048)
  private static let (heads, keyValueHeads, headDimension) = (16, 4, 64)

  /// Writes the file; one level of each matrix is its base.
  static func write(to path: String, levels: Int) throws -> Manifest {
    var writer = try ModelWriter(path)
    let tokenizer = try Data(
      contentsOf: URL(filePath: "\(BundledModelTests.source)/tokenizer.json"))
    let auxiliary = [
      ("config.json", Array(configuration.utf8)), ("tokenizer.json", [UInt8](tokenizer)),
    ]
    for (name, bytes) in auxiliary { try writer.addAuxiliary(name: name, bytes.span) }
    let ones = (0..<hidden).flatMap { _ in [0, 0, 0x80, 0x3F] as [UInt8] }
    for name in norms {
      try writer.addTensor(name: name, type: .f32, dimensions: [hidden]) { Array(ones[$0]) }
    }
    let encoder = try ChunkEncoder()
    var chunks: [BlockLayout: EncodedChunk] = [:]
    var stack: [(matrix: Int, level: Int)] = []
    for (name, rows, columns) in matrices {
      let layout = try BlockLayout(rows: rows, columns: columns, rank: 1, vectors: .f16)
      let chunk = try chunks[layout] ?? encoder.encode(payload(layout).span, .signBlock(layout))
      chunks[layout] = chunk
      let matrix = writer.addMatrix(name: name, sourceType: .f16, rows: rows, columns: columns)
      for level in 0..<levels {
        _ = try writer.addEncodedBlock(chunk, matrix: matrix, rank: 1, vectors: .f16)
        if level > 0 { stack.append((matrix, level)) }
      }
    }
    stack.sort { ($0.level, $0.matrix) < ($1.level, $1.matrix) }
    return try writer.finish(stack: stack)
  }

  /// Random signs, the same every 16 KiB, and magnitudes of 2⁻¹².
  private static func payload(_ layout: BlockLayout) -> [UInt8] {
    var generator = SeededGenerator(seed: UInt64(layout.rows))
    let pattern = generator.bytes(16 << 10)
    var payload: [UInt8] = []
    while payload.count < layout.byteCount { payload += pattern }
    payload.removeSubrange(layout.byteCount...)
    for padding in layout.padding { for index in padding { payload[index] = 0 } }
    for part in [layout.uVectors.elements, layout.vtVectors.elements] {
      for index in part { payload[index] = index % 2 == 0 ? 0 : 0x24 }
    }
    return payload
  }

  private static var norms: [String] {
    ["model.norm.weight"]
      + (0..<layers).flatMap { layer in
        ["input_layernorm", "post_attention_layernorm"].map { "model.layers.\(layer).\($0).weight" }
      }
  }

  private static var matrices: [(name: String, rows: Int, columns: Int)] {
    let (queries, keys) = (heads * headDimension, keyValueHeads * headDimension)
    let ofLayer = [
      ("self_attn.q_proj", queries, hidden), ("self_attn.k_proj", keys, hidden),
      ("self_attn.v_proj", keys, hidden), ("self_attn.o_proj", hidden, queries),
      ("mlp.gate_proj", intermediate, hidden), ("mlp.up_proj", intermediate, hidden),
      ("mlp.down_proj", hidden, intermediate),
    ]
    return [("model.embed_tokens.weight", vocabulary, hidden)]
      + (0..<layers).flatMap { layer in
        ofLayer.map { ("model.layers.\(layer).\($0.0).weight", $0.1, $0.2) }
      }
  }

  private static let configuration = """
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
     "hidden_size": \(hidden), "intermediate_size": \(intermediate),
     "num_hidden_layers": \(layers), "num_attention_heads": \(heads),
     "num_key_value_heads": \(keyValueHeads), "head_dim": \(headDimension),
     "vocab_size": \(vocabulary), "max_position_embeddings": 512, "rms_norm_eps": 1e-05,
     "rope_theta": 10000.0, "tie_word_embeddings": true, "bos_token_id": 0, "eos_token_id": 1}

    """
}
