import BSTKFormat
import BSTKModelFiles
import BSTKTestSupport
import Testing

/// A checkpoint in the layout of the BitStack reference code, small enough to write in a test, and
/// easy to damage.
struct TinyCheckpoint {
  /// A tensor and its bytes.
  struct Tensor {
    var name: String
    var type: ElementType
    var shape: [Int]
    var bytes: [UInt8]
  }

  /// A projection's name in the schedule, and its shape.
  static let projections = [
    (name: "layer.0.self_attn.q_proj", rows: 16, columns: 24),
    (name: "layer.0.mlp.down_proj", rows: 24, columns: 40),
    (name: "layer.1.self_attn.q_proj", rows: 16, columns: 24),
  ]
  static let rank = 2
  static let levelCount = 4
  /// The projections that get a block, entry by entry.
  static let order = [2, 0, 2, 1, 1, 0, 1, 2]

  var tensors: [Tensor] = []
  var schedule: String
  var config = #"{"model_type": "llama"}"#

  init() {
    var generator = SeededGenerator(seed: 11)
    func halves(_ count: Int) -> [UInt8] {
      (0..<count).flatMap { _ -> [UInt8] in
        let bits = Float16(generator.normal()).bitPattern
        return [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)]
      }
    }
    tensors.append(
      Tensor(name: "model.embed_tokens.weight", type: .f16, shape: [9, 24], bytes: halves(216)))
    tensors.append(Tensor(name: "model.norm.weight", type: .f16, shape: [24], bytes: halves(24)))
    for (name, rows, columns) in Self.projections {
      let prefix = Self.prefix(name)
      for block in 0..<Self.levelCount {
        tensors += [
          Tensor(
            name: "\(prefix).qweight_\(block)", type: .u8, shape: [rows * columns / 8],
            bytes: generator.bytes(rows * columns / 8)),
          Tensor(
            name: "\(prefix).u_\(block)", type: .f16, shape: [rows, Self.rank],
            bytes: halves(rows * Self.rank)),
          Tensor(
            name: "\(prefix).vt_\(block)", type: .f16, shape: [Self.rank, columns],
            bytes: halves(Self.rank * columns)),
        ]
      }
    }
    schedule = Self.schedule(Self.entries())
  }

  /// The tensors' prefix of a projection.
  static func prefix(_ name: String) -> String { "model.layers." + name.dropFirst("layer.".count) }

  /// An entry of the schedule.
  typealias Entry = (memory: Int, layers: [(name: String, count: Int)])

  /// The entries of the schedule, with the bytes of what is no block as 1000.
  static func entries() -> [Entry] {
    func byteCount(_ index: Int) -> Int {
      let (_, rows, columns) = projections[index]
      return rows * columns / 8 + 2 * rank * (rows + columns)
    }
    var counts = projections.map { _ in 1 }
    var memory = 1_000 + projections.indices.reduce(0) { $0 + byteCount($1) }
    var entries: [Entry] = []
    func append() {
      entries.append((memory, zip(projections, counts).map { ($0.name, $1) }))
    }
    append()
    for index in order {
      counts[index] += 1
      memory += byteCount(index)
      append()
    }
    return entries
  }

  /// The entries as JSON.
  static func schedule(_ entries: [Entry]) -> String {
    let texts = entries.map { entry in
      let layers = entry.layers.map { "\"\($0.name)\": \($0.count)" }
      return "{\"memory\": \(entry.memory), \"layers\": {\(layers.joined(separator: ", "))}}"
    }
    return "[" + texts.joined(separator: ",\n ") + "]\n"
  }

  func tensor(_ name: String) throws -> Tensor {
    try #require(tensors.first { $0.name == name })
  }

  /// Lets `change` damage a tensor.
  mutating func change(_ name: String, _ change: (inout Tensor) -> Void) throws {
    change(&tensors[try #require(tensors.firstIndex { $0.name == name })])
  }

  /// Writes the folder's files, in shards where there are several groups.
  func write(to folder: TemporaryFolder, shardCount: Int = 1) throws {
    var map: [String] = []
    for shard in 0..<shardCount {
      let file =
        shardCount == 1
        ? "model.safetensors" : "model-0000\(shard + 1)-of-0000\(shardCount).safetensors"
      // Round robin, so that the parts of a block lie in several files.
      let part = tensors.enumerated().filter { $0.offset % shardCount == shard }.map(\.element)
      var writer = try SafetensorsWriter(
        path: folder.file(file),
        tensors: try part.map {
          try TensorDescription(name: $0.name, type: $0.type, shape: $0.shape)
        })
      for description in writer.tensors {
        let bytes = try tensor(description.name).bytes
        try writer.append(bytes.span)
      }
      try writer.finish()
      map += part.map { "\"\($0.name)\": \"\(file)\"" }
    }
    if shardCount > 1 {
      let index = "{\"metadata\": {}, \"weight_map\": {\(map.joined(separator: ", "))}}"
      try folder.write(Array(index.utf8), to: "model.safetensors.index.json")
    }
    try folder.write(Array(config.utf8), to: "config.json")
    try folder.write(Array(schedule.utf8), to: "compression_config.json")
  }
}
