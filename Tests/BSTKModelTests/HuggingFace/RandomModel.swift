import BSTKFormat
import BSTKModelFiles
import BSTKTestSupport
import Testing

/// A small Hugging Face folder with random weights: one decoder layer's worth of names, all three
/// float types, and tensors that cannot be decomposed.
struct RandomModel {
  /// A tensor to be written.
  struct Tensor {
    let name: String
    let type: ElementType
    let shape: [Int]
  }

  var tensors: [Tensor] = [
    Tensor(name: "model.embed_tokens.weight", type: .bf16, shape: [19, 24]),
    Tensor(name: "model.layers.0.input_layernorm.weight", type: .f32, shape: [24]),
    Tensor(name: "model.layers.0.mlp.down_proj.weight", type: .f32, shape: [24, 40]),
    Tensor(name: "model.layers.0.mlp.up_proj.weight", type: .f16, shape: [40, 24]),
    Tensor(name: "model.layers.0.self_attn.q_proj.bias", type: .bf16, shape: [24]),
    Tensor(name: "model.layers.0.self_attn.q_proj.weight", type: .bf16, shape: [24, 24]),
    Tensor(name: "model.layers.0.self_attn.rotary_emb.inv_freq", type: .f64, shape: [6]),
    Tensor(name: "model.layers.1.self_attn.gate.weight", type: .bf16, shape: [1, 24]),
    Tensor(name: "model.layers.10.self_attn.k_proj.weight", type: .bf16, shape: [7, 24]),
    Tensor(name: "model.norm.weight", type: .bf16, shape: [24]),
    Tensor(name: "model.position_ids", type: .i64, shape: [1, 5]),
  ]
  var config = #"{"model_type": "test", "torch_dtype": "bfloat16"}"# + "\n"
  var seed: UInt64 = 7

  /// The names that are decomposed.
  static let matrixNames = [
    "model.layers.0.mlp.down_proj.weight", "model.layers.0.mlp.up_proj.weight",
    "model.layers.0.self_attn.q_proj.weight", "model.layers.10.self_attn.k_proj.weight",
  ]

  /// The bytes of each tensor; floats are normally distributed.
  func data() -> [String: [UInt8]] {
    var generator = SeededGenerator(seed: seed)
    var data: [String: [UInt8]] = [:]
    for tensor in tensors {
      let count = tensor.shape.reduce(1, *)
      data[tensor.name] = (0..<count).flatMap { _ -> [UInt8] in
        let value = generator.normal()
        switch tensor.type {
        case .f32: return Self.bytes(UInt64(value.bitPattern), count: 4)
        case .bf16: return Self.bytes(UInt64(value.bitPattern >> 16), count: 2)
        case .f16: return Self.bytes(UInt64(Float16(value).bitPattern), count: 2)
        case .f64: return Self.bytes(Double(value).bitPattern, count: 8)
        default: return generator.bytes(tensor.type.byteCount)
        }
      }
    }
    return data
  }

  private static func bytes(_ bits: UInt64, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
  }

  /// Writes the folder's files; with several groups of names, as shards with an index.
  func write(to folder: TemporaryFolder, shards: [[String]]? = nil) throws {
    let data = data()
    let groups = shards ?? [tensors.map(\.name)]
    var map: [String] = []
    for (number, names) in groups.enumerated() {
      let file =
        shards == nil
        ? "model.safetensors" : "model-0000\(number + 1)-of-0000\(groups.count).safetensors"
      let descriptions = try tensors.filter { names.contains($0.name) }.map {
        try TensorDescription(name: $0.name, type: $0.type, shape: $0.shape)
      }
      var writer = try SafetensorsWriter(path: folder.file(file), tensors: descriptions)
      for tensor in writer.tensors {
        let bytes = try #require(data[tensor.name])
        try writer.append(bytes.span)
      }
      try writer.finish()
      map += names.map { "\"\($0)\":\"\(file)\"" }
    }
    if shards != nil {
      let index = #"{"metadata":{},"weight_map":{\#(map.joined(separator: ","))}}"#
      try folder.write(Array(index.utf8), to: "model.safetensors.index.json")
    }
    try folder.write(Array(config.utf8), to: "config.json")
    try folder.write(Array("{\"bos_token_id\": 1}\n".utf8), to: "generation_config.json")
    try folder.write(Array("not for publishing".utf8), to: "notes.txt")
  }
}
